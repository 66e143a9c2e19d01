// Brings a reader to what went wrong: the error summary takes the focus when a page or a fragment arrives with one, and
// its links put the focus into the field, not merely in view.
//   <div tabindex="-1" data-error-summary>

function focusSummary(root) {
  const summary = root.querySelector("[data-error-summary]");
  if (summary) summary.focus();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-error-summary] a[href^='#']");
  const field = link && document.getElementById(decodeURIComponent(link.hash.slice(1)));
  if (!field) return;
  event.preventDefault();
  const labelled = field.closest("fieldset, .field") || field;
  labelled.scrollIntoView({ block: "start" });
  field.focus({ preventScroll: true });
});

focusSummary(document);
document.addEventListener("htmx:afterSettle", (event) => focusSummary(event.target));
