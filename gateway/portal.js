/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Copying a secret to the clipboard: the one thing of the portal that a page cannot do by itself. */
"use strict";
for (const button of document.querySelectorAll("[data-copy]")) {
	const field = document.getElementById(button.dataset.copy);
	const words = button.textContent;

	if (!field)
		continue;
	button.hidden = false;
	button.setAttribute("aria-live", "polite");
	field.addEventListener("focus", () => field.select());
	button.addEventListener("click", async () => {
		let copied = false;

		try {
			await navigator.clipboard.writeText(field.value);
			copied = true;
		} catch {
			/* Without TLS browsers have the old way alone. */
			field.select();
			copied = document.execCommand("copy");
		}
		button.textContent = copied ? "Copied" : "Select it and copy";
		setTimeout(() => { button.textContent = words; }, 3000);
	});
}
