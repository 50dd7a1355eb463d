/* The page that shows a new token: a button that copies it, and an address that makes no second one when it is reloaded. */
"use strict";

{
    const shown = document.querySelector("[data-address]");
    const announcement = document.getElementById("announcement");
    const button = document.querySelector("[data-copy]");
    const field = document.getElementById(button.dataset.copy);
    const copy = async () => {
        field.select();
        try {
            await navigator.clipboard.writeText(field.value);
            return true;
        } catch {
            return document.execCommand("copy"); // without HTTPS there is no clipboard
        }
    };
    history.replaceState(null, "", shown.dataset.address);
    field.addEventListener("focus", () => field.select());
    button.addEventListener("click", async () => {
        const told = (await copy()) ? "Copied" : "Press Ctrl+C";
        button.textContent = told;
        announcement.textContent = told;
    });
}
