// Buttons that copy what stands beside them: shown where the browser can do it.
"use strict";

const copy = async (button) => {
  await navigator.clipboard.writeText(button.dataset.copy);
  const label = button.textContent;
  button.textContent = button.dataset.done;
  setTimeout(() => { button.textContent = label; }, 2000);
};

for (const button of navigator.clipboard ? document.querySelectorAll("[data-copy]") : []) {
  button.hidden = false;
  button.addEventListener("click", () => copy(button).catch(() => { button.hidden = true; }));
}
