// The rows of a group's rule: they are added, changed and taken out here. Without it a page still saves what stands in it.
"use strict";

{
    const whole = (element) => element.closest("[data-rule]");
    const look = (rule) => htmx.trigger(rule.querySelector("[data-look]"), "look");

    // What the chosen comparison does not need is out of the way; it keeps what was typed.
    const showNeeded = (row) => {
        const how = row.querySelector("[data-how]")?.value.replace("!", "");
        for (const control of row.querySelectorAll("[data-for]"))
            control.hidden = !control.dataset.for.split(" ").includes(how);
    };

    const copyOf = (rule, selector, item) => {
        const copy = rule.querySelector(selector).content.cloneNode(true);
        for (const element of copy.querySelectorAll("[name], [value], [data-row]"))
            for (const attribute of ["name", "value", "data-row"])
                if (element.hasAttribute(attribute))
                    element.setAttribute(attribute, element.getAttribute(attribute).replace("__item__", item));
        return copy;
    };

    const nextItem = (rule, block) => {
        const last = [...rule.querySelectorAll("[data-row]")].map((row) => Number(row.dataset.row.split(".").pop()) || 0);
        const number = String(Math.max(0, ...last) + 1);
        return block ? `${block.dataset.row}.${number}` : number;
    };

    const add = (rule, block, sort) => {
        const rows = (block ?? rule).querySelector("[data-rows]");
        const item = nextItem(rule, block);
        rows.append(copyOf(rule, `template[data-new="${sort}"]`, item));
        const row = rows.querySelector(`[data-row="${item}"]`);
        return sort === "block" ? add(rule, row, "condition") : row;
    };

    const chooseWhat = (select) => {
        const row = select.closest("[data-row]");
        const kind = select.selectedOptions[0].dataset.kind;
        const test = row.querySelector("[data-test]");
        test.replaceChildren(kind ? copyOf(whole(row), `template[data-kind="${kind}"]`, row.dataset.row) : "");
        showNeeded(row);
    };

    const remove = (rule, row) => {
        const next = row.nextElementSibling ?? row.previousElementSibling;
        row.remove();
        (next?.querySelector("select") ?? rule.querySelector("[data-buttons] [data-add]")).focus();
    };

    const click = (event) => {
        const rule = event.currentTarget;
        const button = event.target.closest("[data-add], [data-remove]");
        if (!button) return;
        const row = button.closest("[data-row]");
        if (button.matches("[data-remove]")) remove(rule, row);
        else add(rule, button.closest("[data-block]"), button.dataset.add).querySelector("select").focus();
        look(rule);
    };

    const change = (event) => {
        if (event.target.matches("[data-what]")) chooseWhat(event.target);
        if (event.target.matches("[data-how]")) showNeeded(event.target.closest("[data-row]"));
        look(event.currentTarget);
    };

    // A group is people on a list, or people whom a rule fits: only what belongs to the choice is shown.
    const showSort = (form) => {
        const sort = form.querySelector("[name=sort]:checked")?.value;
        if (!sort) return;
        for (const [name, wanted] of [["conditions", "rule"], ["add_contacts", "list"]])
            form.querySelector(`.field-${name}`)?.toggleAttribute("hidden", sort !== wanted);
    };

    const watch = (rule) => {
        const form = rule.closest("form");
        if (!rule.querySelector("[data-row]")) add(rule, null, "condition");
        rule.querySelectorAll("[data-row]:not([data-block])").forEach(showNeeded);
        rule.addEventListener("click", click);
        rule.addEventListener("change", change);
        rule.addEventListener("input", () => look(rule));
        form.addEventListener("change", (event) => { if (event.target.name === "sort") { showSort(form); look(rule); } });
        showSort(form);
    };

    document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("[data-rule]").forEach(watch));
}
