/* The lecture view: a page as it goes on a screen in a room, without code, exercises and sidebars. The button in the
   header switches it, and so does "?lecture" or "?lecture=off" in the address; it lasts while one goes from page to page. */
(() => {
  const root = document.documentElement;
  const KEY = "phasebook-lecture";

  const remembered = () => {
    try {
      return sessionStorage.getItem(KEY) === "on";
    } catch {
      return false; // storage is closed to pages from a disk in some browsers
    }
  };
  const show = (on) => {
    root.classList.toggle("lecture-view", on);
    try {
      sessionStorage.setItem(KEY, on ? "on" : "off");
    } catch {
      /* then it lasts for this page */
    }
  };

  const asked = new URLSearchParams(location.search).get("lecture");
  show(asked === null ? remembered() : asked !== "off");

  /* What is left out besides code: the sections of exercises, with their solutions. */
  const mark = () => {
    for (const section of document.querySelectorAll("article section > h2")) {
      if (/^[\d.\s]*Exercises/.test(section.textContent)) section.parentElement.classList.add("lecture-hidden");
    }
  };

  const addButton = () => {
    const place = document.querySelector(".article-header-buttons");
    if (!place) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-sm lecture-button";
    button.title = "Lecture view: no code, no exercises, large figures";
    const label = () => {
      const on = root.classList.contains("lecture-view");
      button.textContent = on ? "Leave lecture view" : "Lecture view";
      button.setAttribute("aria-pressed", String(on));
    };
    button.addEventListener("click", () => {
      show(!root.classList.contains("lecture-view"));
      label();
    });
    label();
    place.prepend(button);
  };

  document.addEventListener("DOMContentLoaded", () => {
    mark();
    addButton();
  });
})();
