import { defineScript, edit, read } from "../../src/script.ts";

export default defineScript([
  {
    text: "The colors already have a light and a dark value each, so the switch only has to choose the scheme.",
    calls: read("index.html", "style.css", "main.js"),
  },
  {
    calls: [
      edit(
        "index.html",
        '    <main>\n      <p class="status">Running</p>',
        '    <header>\n      <button id="dark-mode" type="button" role="switch" aria-checked="false">Dark mode</button>\n    </header>\n    <main>\n      <p class="status">Running</p>',
      ),
      edit(
        "style.css",
        "main {\n  display: flex;",
        "header {\n  padding: 1rem 1.5rem;\n}\n\n[role='switch'] {\n  padding: 0.5rem 0.75rem;\n  border: 1px solid var(--quiet);\n  border-radius: 0.5rem;\n  background: none;\n  color: inherit;\n  font: inherit;\n}\n\n[role='switch']::after {\n  margin-left: 0.5rem;\n  content: \"off\";\n}\n\n[role='switch'][aria-checked='true']::after {\n  content: \"on\";\n}\n\nmain {\n  display: flex;",
      ),
      edit(
        "main.js",
        'const opened = document.querySelector("#opened");',
        'const button = document.querySelector("#dark-mode");\nconst system = matchMedia("(prefers-color-scheme: dark)");\nconst isDark = () => (localStorage.getItem("theme") ?? (system.matches ? "dark" : "light")) === "dark";\n\nfunction showTheme() {\n  document.documentElement.style.colorScheme = isDark() ? "dark" : "light";\n  button.setAttribute("aria-checked", String(isDark()));\n}\n\nbutton.addEventListener("click", () => {\n  localStorage.setItem("theme", isDark() ? "light" : "dark");\n  showTheme();\n});\nsystem.addEventListener("change", showTheme);\nshowTheme();\n\nconst opened = document.querySelector("#opened");',
      ),
    ],
  },
  { text: "The switch is at the top of the page, follows the system until it is used, and remembers the choice." },
]);
