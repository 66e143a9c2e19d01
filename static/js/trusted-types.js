// htmx parses the fragments that our own server rendered; this lets it, and nothing else: without createScript and
// createScriptURL the browser refuses any string that would become code.
if (window.trustedTypes && !window.trustedTypes.defaultPolicy) {
  window.trustedTypes.createPolicy("default", { createHTML: (html) => html });
}
