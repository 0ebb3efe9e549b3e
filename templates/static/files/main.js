const opened = document.querySelector("#opened");
const now = new Date();
opened.dateTime = now.toISOString();
opened.textContent = now.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
