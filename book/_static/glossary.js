// Shows the definition of a glossary term while the pointer rests on its link or the keyboard is on it.
// A tap follows the link to the glossary, as it does without this script. Escape closes (WCAG 1.4.13).
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const box = document.createElement("div");
  box.className = "glossary-tip";
  box.setAttribute("role", "tooltip");
  box.hidden = true;
  let closing;

  const open = (link) => {
    clearTimeout(closing);
    box.textContent = link.definition;
    box.hidden = false;
    link.after(box);  // beside the link: read in order, and hovering over the box keeps it
    const line = link.getClientRects()[0], size = box.getBoundingClientRect();
    const room = document.documentElement.clientWidth - size.width - 8;
    const below = line.bottom + size.height + 8 < window.innerHeight;
    box.style.left = `${Math.max(8, Math.min(line.left, room))}px`;
    box.style.top = `${below ? line.bottom + 4 : line.top - size.height - 4}px`;
  };
  const close = () => { box.hidden = true; };
  const closeSoon = () => { closing = setTimeout(close, 150); };

  for (const text of document.querySelectorAll("article a .std-term, article a.glossary-term")) {
    const link = text.closest("a");
    link.definition = (window.glossaryTerms ?? {})[decodeURIComponent(link.hash.slice(1))];
    if (!link.definition) continue;
    link.classList.add("glossary-term");
    link.setAttribute("aria-description", link.definition);
    link.addEventListener("pointerenter", (event) => { if (event.pointerType === "mouse") open(link); });
    link.addEventListener("pointerleave", closeSoon);
    link.addEventListener("focus", () => { if (link.matches(":focus-visible")) open(link); });
    link.addEventListener("blur", close);
  }
  box.addEventListener("pointerenter", () => clearTimeout(closing));
  box.addEventListener("pointerleave", closeSoon);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
  window.addEventListener("scroll", close, { passive: true, capture: true });
});
