"use strict";
const at = (id) => document.getElementById(id);
const frame = at("report");
let chosen = false, shown = "", timer = 0;

const write = (element, text) => {
  if (element.textContent !== text) element.textContent = text;
};
const object = (text) => {
  at("problem").hidden = !text;
  write(at("problem"), text);
};
const fill = (state) => {
  if (chosen) return;
  chosen = true;
  for (const name of state.scenarios) at("scenario").add(new Option(name, name));
  at("host").value = state.host;
};
// The report has no script of its own, so this page makes the frame as high as what is unfolded in it.
const fit = () => {
  const page = frame.contentDocument;
  if (page?.documentElement) frame.style.height = `${page.documentElement.scrollHeight + 40}px`;
};
frame.addEventListener("load", () => {
  fit();
  frame.contentDocument?.addEventListener("toggle", fit, true);
});
const show = (state) => {
  fill(state);
  const walking = state.state === "walking", over = state.state === "over";
  at("start").disabled = walking || state.load;
  at("stop").disabled = !walking;
  at("walk").hidden = state.state === "none";
  write(at("title"), state.title);
  at("title").className = state.kind;
  write(at("time"), walking ? `${state.seconds} s so far` : `It took ${state.seconds} s.`);
  const lines = at("lines"), text = state.lines.join("\n");
  if (lines.textContent !== text) {
    lines.textContent = text;
    lines.scrollTop = lines.scrollHeight;
  }
  at("files").hidden = !over;
  at("open").hidden = !state.report;
  at("download").hidden = !state.scenario;
  write(at("folder"), state.folder);
  frame.hidden = !(over && state.report);
  const report = over && state.report ? state.folder : "";
  if (report !== shown) {
    shown = report;
    if (report) {
      at("said").open = false;
      frame.src = "doctor/report";
    } else {
      frame.removeAttribute("src");
      at("said").open = true;
    }
  }
  if (state.load) object("A load runs. The doctor waits until it is over.");
  else if (at("problem").textContent.startsWith("A load runs.")) object("");
};
const ask = async () => {
  clearTimeout(timer);
  try {
    const reply = await fetch("doctor/state", { cache: "no-store" });
    if (!reply.ok) throw new Error(String(reply.status));
    show(await reply.json());
    if (at("problem").textContent.startsWith("Locust does not answer")) object("");
  } catch {
    object("Locust does not answer. It may have ended.");
  }
  timer = setTimeout(ask, 1000);
};
const send = async (what, form) => {
  object("");
  try {
    const reply = await fetch(`doctor/${what}`, { method: "POST", body: form });
    object(reply.ok ? (await reply.json()).problem : await reply.text());
  } catch {
    object("Locust does not answer. It may have ended.");
  }
  ask();
};
at("form").addEventListener("submit", (event) => {
  event.preventDefault();
  send("start", new URLSearchParams(new FormData(at("form"))));
});
at("stop").addEventListener("click", () => send("stop", new URLSearchParams()));
ask();
