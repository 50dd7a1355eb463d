/* A searching select hides the labelled field and draws a box of its own, whenever that is: the box gets the same name. */
"use strict";

{
    const nameBoxes = () => {
        for (const select of document.querySelectorAll("select.select2-hidden-accessible")) {
            const label = select.labels[0];
            const box = select.parentElement.querySelector(".select2-search__field:not([aria-label])");
            if (label && box) {
                box.setAttribute("aria-label", label.textContent.trim().replace(/\*$/, ""));
            }
        }
    };
    // The theme dresses the selects of the page, but not those of a form that is added to it later.
    document.addEventListener("formset:added", () => django.jQuery(".unfold-admin-autocomplete").djangoCustomSelect2());
    new MutationObserver(nameBoxes).observe(document.documentElement, {childList: true, subtree: true});
}
