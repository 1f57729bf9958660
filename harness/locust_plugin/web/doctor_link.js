"use strict";
document.addEventListener("DOMContentLoaded", () => {
  let bar = document.getElementById("checkload-links");
  if (!bar) {
    bar = document.createElement("nav");
    bar.id = "checkload-links";
    bar.setAttribute("aria-label", "checkload");
    bar.style.cssText = "display: flex; gap: 24px; padding: 6px 24px; font: 15px/1.4 system-ui, sans-serif";
    document.body.prepend(bar);
  }
  const link = document.createElement("a");
  link.href = new URL("checkload/doctor", document.baseURI).href;
  link.textContent = "Doctor: what does a shop need?";
  link.style.color = "inherit";
  bar.append(link);
});
