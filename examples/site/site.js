// Opens and closes the accordions; without scripts every answer is simply shown.
document.documentElement.classList.add("js");

for (const button of document.querySelectorAll("[aria-expanded][aria-controls]")) {
  button.addEventListener("click", () => {
    const open = button.getAttribute("aria-expanded") === "true";
    const panel = document.getElementById(button.getAttribute("aria-controls"));
    button.setAttribute("aria-expanded", String(!open));
    if (panel.classList.contains("collapse")) {
      panel.classList.toggle("show", !open);
      button.classList.toggle("collapsed", open);
    } else {
      panel.hidden = open;
    }
  });
}

for (const toggle of document.querySelectorAll(".w-dropdown-toggle")) {
  toggle.addEventListener("click", () => toggle.parentElement.classList.toggle("open"));
}

for (const banner of document.querySelectorAll(".cookie-banner")) {
  banner.querySelector("button").addEventListener("click", () => banner.remove());
}
