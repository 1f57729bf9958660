"use strict";
// Locust's page draws itself: whatever we add is put back after each of its changes.
document.addEventListener("DOMContentLoaded", () => {
  const start = JSON.parse(document.getElementById("checkload-start").textContent);
  const typed = { userCount: start.users, spawnRate: start.ramp };
  const EMBEDDED = "the embedded shop";
  const NOTE = "Times are service times, from sending a request to its reply. The tabs of checkload have response times, from the moment at which the shopper was due.";
  let host = start.host, facts = null, shownFor = null, complaint = "";
  const field = (name) => document.querySelector(`form [name="${name}"]`);
  const control = (input) => input.closest(".MuiFormControl-root") || input.parentElement;

  // Locust's page holds these values itself, and takes only what it believes a person types.
  const write = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;
  const type = (input, value) => {
    write.call(input, value);
    input.dispatchEvent(new Event("input", { bubbles: true }));
  };
  // It also drops a minus without a word: 5 users for -5.
  const refuseMinus = (input) => {
    input.addEventListener("beforeinput", (event) => {
      if (!(event.data || "").includes("-")) return;
      input.setCustomValidity("A negative number is refused: clear the field, and type a number above 0.");
      control(input).classList.add("checkload-wrong");
    });
    input.addEventListener("input", () => {
      if (input.value || input.validity.valid) return;
      input.setCustomValidity("");
      control(input).classList.remove("checkload-wrong");
    });
  };

  // An empty field means the scenario's own number.
  const emptyNumbers = () => {
    for (const name of ["userCount", "spawnRate"]) {
      const input = field(name);
      if (!input || input.dataset.checkload) continue;
      input.dataset.checkload = "ours";
      input.required = false;
      refuseMinus(input);
      // After the page has filled in its own default.
      setTimeout(() => {
        type(input, typed[name]);
        input.addEventListener("input", () => { typed[name] = input.value; });
      }, 0);
    }
    const hint = facts && { userCount: facts.users, spawnRate: facts.ramp };
    for (const name of hint ? Object.keys(hint) : []) {
      const input = field(name);
      if (input && input.placeholder !== `${hint[name]}`) input.placeholder = `${hint[name]}`;
    }
  };

  const describe = () => {
    const chosen = field("scenario");
    if (!chosen) { shownFor = null; return; }
    let box = document.getElementById("checkload-scenario");
    if (!box) {
      box = document.createElement("section");
      box.id = "checkload-scenario";
      box.setAttribute("aria-live", "polite");
      box.setAttribute("aria-label", "What the chosen scenario does");
      control(chosen).after(box);
      shownFor = null;
    }
    if (shownFor === chosen.value) return;
    shownFor = chosen.value;
    const name = chosen.value;
    fetch(`checkload/scenario?name=${encodeURIComponent(name)}`, { cache: "no-store" })
      .then((reply) => reply.json())
      .then((found) => {
        if (name !== shownFor) return;
        facts = found.error ? null : found;
        const texts = found.error ? [found.error] : [found.description, ...found.lines, "Objectives:"].filter(Boolean);
        const list = document.createElement("ul");
        list.append(...(found.objectives || []).map((text) => Object.assign(document.createElement("li"), { textContent: text })));
        box.replaceChildren(...texts.map((text) => Object.assign(document.createElement("p"), { textContent: text })), list);
        emptyNumbers();
      })
      .catch(() => { shownFor = null; });
  };

  // Each complaint begins with the label of its field.
  const mark = () => {
    const alert = document.querySelector("form [role=alert], [role=alert]");
    const said = alert ? alert.textContent : "";
    if (said === complaint) return;
    complaint = said;
    for (const wrong of document.querySelectorAll(".checkload-wrong")) wrong.classList.remove("checkload-wrong");
    for (const input of document.querySelectorAll("form [aria-invalid=true]")) input.removeAttribute("aria-invalid");
    if (!said) return;
    const lines = said.split("\n").map((line) => line.trim());
    let first = null;
    for (const [label, name] of Object.entries(start.labels)) {
      const input = field(name);
      if (!input || !lines.some((line) => line.startsWith(`${label} `) || line.startsWith(`${label}:`))) continue;
      control(input).classList.add("checkload-wrong");
      input.setAttribute("aria-invalid", "true");
      if (!first || input.compareDocumentPosition(first) & Node.DOCUMENT_POSITION_FOLLOWING) first = input;
    }
    if (first) {
      first.scrollIntoView({ block: "center" });
      first.focus({ preventScroll: true });
    }
  };

  const explainTimes = () => {
    const heading = [...document.querySelectorAll("th")].find((one) => one.textContent.startsWith("Median (ms)"));
    const table = heading && heading.closest("table");
    if (!table || document.getElementById("checkload-service")) return;
    table.before(Object.assign(document.createElement("p"), { id: "checkload-service", textContent: NOTE }));
  };

  // Locust keeps an earlier host in its header when the field is cleared.
  const showHost = () => {
    const label = [...document.querySelectorAll("header p, header span, header div")].find((one) => one.childElementCount === 0 && one.textContent === "Host");
    const value = label && label.nextElementSibling;
    const shown = host || EMBEDDED;
    if (value && value.textContent !== shown) value.textContent = shown;
  };

  document.addEventListener("submit", () => {
    const input = field("host");
    if (input) host = input.value.trim();
  }, true);
  const update = () => { emptyNumbers(); describe(); mark(); explainTimes(); showHost(); };
  new MutationObserver(update).observe(document.body, { childList: true, subtree: true, characterData: true });
  document.addEventListener("change", update);
  update();
});
