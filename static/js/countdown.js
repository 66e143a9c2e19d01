// Keeps spoken time distances true while a page stays open. The server's text stands until then, and without JavaScript.
//   <span data-due="2026-04-24T13:00:00Z">     → "2 days 4 hours left" or "overdue by 3 hours"
//   <time data-since="2026-04-24T13:00:00Z">   → "3 minutes ago"
// Not a live region: a reader hears the distance when asking for it, and is never interrupted by it.

const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];

function spoken(seconds) {
  const parts = [];
  let rest = Math.floor(seconds);
  for (const [name, size] of UNITS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count} ${name}${count === 1 ? "" : "s"}`);
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.join(" ") || "less than a minute";
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function tick() {
  const now = Date.now();
  for (const element of document.querySelectorAll("[data-due]")) {
    const left = (Date.parse(element.dataset.due) - now) / 1000;
    if (Number.isNaN(left)) continue;
    write(element, left > 0 ? `${spoken(left)} left` : `overdue by ${spoken(-left)}`);
    element.toggleAttribute("data-overdue", left <= 0);
  }
  for (const element of document.querySelectorAll("[data-since]")) {
    const past = (now - Date.parse(element.dataset.since)) / 1000;
    if (Number.isNaN(past) || past < 0) continue;
    write(element, past < 60 ? "just now" : `${spoken(past).split(" ").slice(0, 2).join(" ")} ago`);
  }
}

tick();
setInterval(tick, 15000);
document.addEventListener("htmx:afterSettle", tick);
