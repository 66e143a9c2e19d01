// A filter form that htmx answers in place applies itself as choices are made. Without htmx the Apply button does it:
// reloading the whole page on a change would take the focus away (WCAG 3.2.2).
//   <form method="get" data-autosubmit hx-get="…">

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-autosubmit]");
  if (form && window.htmx) form.requestSubmit();
});
