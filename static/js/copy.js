// Copies a value and says so. The button stays hidden where it could not work.
//   <span data-copy><code>…</code><button type="button" hidden>Copy</button></span>

function offerCopy(root) {
  if (!navigator.clipboard) return;
  for (const button of root.querySelectorAll("[data-copy] button[hidden]")) button.hidden = false;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy] button");
  if (!button) return;
  const said = button.closest("[data-copy]").querySelector("[role=status]");
  try {
    await navigator.clipboard.writeText(button.closest("[data-copy]").querySelector("code").textContent.trim());
    said.textContent = "Copied";
  } catch {
    said.textContent = "Select the value to copy it";
  }
  setTimeout(() => { said.textContent = ""; }, 4000);
});

offerCopy(document);
document.addEventListener("htmx:afterSettle", (event) => offerCopy(event.target));
