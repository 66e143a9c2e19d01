// Has the browser make or use a passkey and puts its answer into the form. Without JavaScript the button stays hidden,
// and the page says in words what to do instead.
//   <div data-passkey data-passkey-create="{…}">             options of a new passkey, as JSON
//   <div data-passkey data-passkey-get="{…}">                options of one to be used
//   <div data-passkey data-passkey-options="/signatures/…">  where they are asked for, with what the page shows
//     <input type="hidden" data-passkey-answer> <button type="button" hidden> <p role="status">

const REFUSED = "The passkey was not used. Try again, or use a code instead.";

function bytes(text) {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

function text(buffer) {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

function decoded(options) {
  const known = (list) => (list || []).map((item) => ({ ...item, id: bytes(item.id) }));
  const found = { ...options, challenge: bytes(options.challenge) };
  if (options.user) found.user = { ...options.user, id: bytes(options.user.id) };
  if (options.excludeCredentials) found.excludeCredentials = known(options.excludeCredentials);
  if (options.allowCredentials) found.allowCredentials = known(options.allowCredentials);
  return found;
}

function encoded(credential) {
  const response = {};
  for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[part]) response[part] = text(credential.response[part]);
  }
  if (credential.response.getTransports) response.transports = credential.response.getTransports();
  return JSON.stringify({
    id: credential.id, rawId: text(credential.rawId), type: credential.type, response,
    clientExtensionResults: credential.getClientExtensionResults(),
  });
}

async function asked(place, form) {
  const shown = new FormData(form);
  const body = new URLSearchParams();
  // What proves the person stays here: only what the page shows goes out.
  for (const name of ["csrfmiddlewaretoken", "seen", "meaning"]) body.set(name, shown.get(name) || "");
  const answer = await fetch(place.dataset.passkeyOptions, { method: "POST", body, credentials: "same-origin" });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.reason || REFUSED);
  return said;
}

async function answer(place, form) {
  if (place.dataset.passkeyCreate) {
    return navigator.credentials.create({ publicKey: decoded(JSON.parse(place.dataset.passkeyCreate)) });
  }
  const options = place.dataset.passkeyGet ? JSON.parse(place.dataset.passkeyGet) : await asked(place, form);
  return navigator.credentials.get({ publicKey: decoded(options) });
}

async function use(place) {
  const form = place.closest("form");
  const said = place.querySelector("[role=status]");
  said.textContent = "Follow what your browser asks.";
  try {
    form.querySelector("[data-passkey-answer]").value = encoded(await answer(place, form));
  } catch (refused) {
    said.textContent = refused instanceof DOMException || !refused.message ? REFUSED : refused.message;
    return;
  }
  said.textContent = "Your passkey has answered.";
  const ways = form.querySelectorAll("button:not([type=button])");
  // Where there are several ways on, the person chooses.
  if (ways.length === 0) form.requestSubmit();
  else if (ways.length === 1) form.requestSubmit(ways[0]);
}

function offer(root) {
  for (const place of root.querySelectorAll("[data-passkey]")) {
    const said = place.querySelector("[role=status]");
    if (window.PublicKeyCredential) place.querySelector("button[hidden]")?.removeAttribute("hidden");
    else said.textContent = "This browser knows no passkeys. Use an authenticator app instead.";
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-passkey] button");
  if (button) use(button.closest("[data-passkey]"));
});

offer(document);
document.addEventListener("htmx:afterSettle", (event) => offer(event.target));
