// The page that opens offline: gives the space to its element, and follows day and night.
const root = document.documentElement;
const button = document.getElementById("theme");
const night = matchMedia("(prefers-color-scheme: dark)");
let chosen = null; // by the button; until then the system's choice holds

const follow = () => {
  const dark = chosen ?? night.matches;
  root.dataset.theme = dark ? "dark" : "light";
  button.textContent = dark ? "Light" : "Dark";
  button.setAttribute("aria-pressed", String(dark));
  document.dispatchEvent(new Event("theme"));
};
button.addEventListener("click", () => {
  chosen = !(chosen ?? night.matches);
  follow();
});
night.addEventListener("change", follow);
follow();
document.querySelector("sr-space").data = JSON.parse(document.getElementById("space").textContent);
