// Sends a form on that was filled in before; without JavaScript its button does.
//   <form data-send-on>

for (const form of document.querySelectorAll("form[data-send-on]")) form.requestSubmit();
