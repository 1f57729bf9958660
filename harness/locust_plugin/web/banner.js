"use strict";
// Locust's page opens the tab that its address names: without one, it is ours with the verdict.
const here = new URL(location.href);
if (!here.searchParams.has("tab")) {
  here.searchParams.set("tab", "demands");
  history.replaceState(null, "", here);
}
document.addEventListener("DOMContentLoaded", () => {
  const bar = document.createElement("div");
  bar.id = "checkload-banner";
  bar.hidden = true;
  bar.setAttribute("role", "status");
  const title = document.createElement("strong"), text = document.createElement("span"), remedy = document.createElement("div"), link = document.createElement("a");
  link.textContent = "Open the report";
  link.target = "_blank";
  bar.append(title, text, link, remedy);
  document.body.prepend(bar);
  const links = document.createElement("nav");
  links.id = "checkload-links";
  links.setAttribute("aria-label", "checkload");
  links.style.cssText = "display: flex; flex-wrap: wrap; gap: 6px 24px; padding: 6px 24px; font: 15px/1.4 system-ui, sans-serif";
  bar.after(links);
  const pages = [
    ["doctor", "Doctor: what does a shop need?"],
    ["live", "Live: watch and steer"],
    ["runs", "Runs: reports and comparisons"],
  ];
  for (const [path, label] of pages) {
    const one = document.createElement("a");
    one.href = new URL(`checkload/${path}`, document.baseURI).href;
    one.textContent = label;
    one.style.color = "inherit";
    links.append(one);
  }
  // Our tab with the verdict comes first; Locust's page puts tabs of others behind its own.
  const first = () => {
    for (const tab of document.querySelectorAll('[role="tab"]')) {
      tab.style.order = tab.textContent === "Verdict" ? "-1" : "";
    }
    // Locust counts requests, and the banner journeys.
    for (const label of document.querySelectorAll("header p, header span")) {
      if (!label.children.length && label.textContent === "Failures") label.textContent = "Failed requests";
    }
  };
  const show = (banner) => {
    if (banner.kind !== "none" && bar.hidden) scrollTo(0, 0); // a run begins where its form was scrolled to
    bar.hidden = banner.kind === "none";
    bar.className = banner.kind;
    if (title.textContent !== banner.title) title.textContent = banner.title;
    if (text.textContent !== banner.text) text.textContent = banner.text;
    if (remedy.textContent !== banner.remedy) remedy.textContent = banner.remedy;
    link.hidden = !banner.link;
    if (banner.link) link.href = new URL(banner.link.slice(1), document.baseURI).href;
  };
  const ask = async () => {
    try {
      const reply = await fetch("checkload/banner", { cache: "no-store" });
      if (reply.ok) show(await reply.json());
    } catch {
      show({ kind: "running", title: "Locust does not answer", text: "It may have ended.", remedy: "", link: "" });
    }
    first();
    setTimeout(ask, 1000);
  };
  ask();
});
