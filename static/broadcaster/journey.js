// What the pages of the journey need beside htmx. Every page works without it, only less comfortably.

const announce = (element) => {
    const place = document.getElementById("announcement");
    const words = element.dataset?.announce;
    if (place && words && place.textContent !== words) place.textContent = words;
};

const filter = (input) => {
    const words = input.value.trim().toLowerCase();
    for (const item of input.closest("[data-filterable]").querySelectorAll("[data-item]"))
        item.classList.toggle("hidden", !(item.dataset.item || item.textContent).toLowerCase().includes(words));
};

const showFile = (drop) => {
    const [file] = drop.querySelector("[type=file]").files;
    const text = drop.querySelector("[data-drop-text]");
    text.dataset.empty ??= text.textContent;
    const tooLarge = file && file.size > Number(drop.dataset.limitMb) * 1e6;
    text.textContent = !file ? text.dataset.empty : tooLarge ? `${file.name} is too large.` : `${file.name} is chosen.`;
};

const watchDrop = (drop) => {
    const input = drop.querySelector("[type=file]");
    input.hasChangeListener = true; // else the theme looks for a text field of its own beside it, and fails
    const over = (event) => { event.preventDefault(); drop.classList.toggle("over", event.type === "dragover"); };
    for (const type of ["dragover", "dragleave", "drop"]) drop.addEventListener(type, over);
    drop.addEventListener("drop", (event) => { input.files = event.dataTransfer.files; showFile(drop); });
    input.addEventListener("change", () => showFile(drop));
};

// It stands in the form at once, so that whatever is sent next has it: an answer may be late, or never come.
const chooseForAll = (button) => {
    const apart = [...button.parentElement.querySelectorAll("[data-all]")].map(({ value }) => value);
    for (const select of button.form.querySelectorAll(`select[name^="${button.dataset.all}"]`))
        if (apart.includes(select.value)) select.value = button.value;
    button.dispatchEvent(new Event("change", { bubbles: true }));
};

const showLater = (fieldset) => {
    const later = fieldset.querySelector("[name=when]:checked")?.value === "later";
    fieldset.querySelector("[data-later]").classList.toggle("hidden", !later);
};

const watchWhen = (fieldset) => {
    showLater(fieldset);
    fieldset.addEventListener("change", () => showLater(fieldset));
};

document.querySelectorAll("[data-drop]").forEach(watchDrop);
document.querySelectorAll("[data-when]").forEach(watchWhen);
document.addEventListener("input", (event) => { if (event.target.matches("[data-filter]")) filter(event.target); });
document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-opens], [data-closes], [data-all]");
    if (button?.dataset.all) chooseForAll(button);
    if (button?.dataset.opens) document.getElementById(button.dataset.opens).showModal();
    if (button?.dataset.closes) document.getElementById(button.dataset.closes).close();
});
document.addEventListener("htmx:afterSwap", (event) => announce(event.detail.elt));
// The answer to a choice must not be drawn over a later one, which waits in the queue and will have its own answer.
const changes = new WeakMap();
document.addEventListener("change", ({ target: { form } }) => form && changes.set(form, (changes.get(form) ?? 0) + 1), true);
document.addEventListener("htmx:beforeSend", ({ detail: { elt, xhr } }) => { xhr.changes = changes.get(elt); });
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const { elt } = detail.requestConfig;
    if (elt.matches("form") && detail.xhr.changes !== changes.get(elt)) detail.shouldSwap = false;
});
// Nor over what somebody is typing at this moment: the end of it brings an answer of its own.
const typing = new Set();
let spelled, spelling; // the list that somebody chooses from by letters, which browsers put together for a second
const typed = (field) => {
    if (field === spelled) spelled = clearTimeout(spelling);
    if (typing.delete(field) && field.form?.dataset.late) field.dispatchEvent(new Event("change", { bubbles: true }));
};
document.addEventListener("input", ({ target }) => typing.add(target));
document.addEventListener("change", ({ target }) => {
    if (target !== spelled) typing.delete(target);
    delete target.form?.dataset.late;
}, true);
document.addEventListener("focusout", ({ target }) => typed(target));
document.addEventListener("keydown", ({ target, key }) => {
    if (!target.matches("select") || key.length > 1) return;
    clearTimeout(spelling);
    typing.add(spelled = target);
    spelling = setTimeout(typed, 1000, target);
});
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const field = document.activeElement;
    if (!typing.has(field) || !detail.target.contains(field)) return;
    detail.shouldSwap = false;
    if (field.form) field.form.dataset.late = "yes";
});
document.addEventListener("htmx:afterSwap", () => document.querySelectorAll("[data-filter]").forEach(filter));
// Enter ends what is typed there, and does not send the whole step.
document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches("[data-filter], [data-stays]")) return;
    event.preventDefault();
    if (typing.has(event.target)) event.target.dispatchEvent(new Event("change", { bubbles: true }));
});
// Leaving a step waits until its choices are kept, or one of them might arrive after the whole form and undo it.
const submitOnceKept = (form, button) => form.addEventListener("htmx:afterRequest", () => setTimeout(() => {
    if (form.matches(".htmx-request")) return submitOnceKept(form, button);
    form.dataset.keeps = "";
    form.requestSubmit(button);
}), { once: true });
document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-keeps].htmx-request")) return;
    event.preventDefault();
    if (event.target.dataset.keeps) return;
    event.target.dataset.keeps = "leaving";
    submitOnceKept(event.target, event.submitter);
});
// A fragment that was answered by another page, such as the login's, must not be put into this one.
document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, pathInfo } = event.detail;
    if (new URL(xhr.responseURL).pathname === new URL(pathInfo.finalRequestPath, location).pathname) return;
    event.detail.shouldSwap = false;
    location.reload();
});
