// Passkeys: browsers give them to scripts alone. Everything else on these pages works without this file.
"use strict";

const say = (text) => {
  const place = document.getElementById("said");
  if (place) place.textContent = text;
};

const post = async (path, body) => {
  const options = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body ?? {}) };
  const answer = await fetch(path, options);
  const told = answer.status === 204 ? {} : await answer.json();
  if (!answer.ok) throw new Error(`${told.title}: ${told.detail} ${told.hint}`);
  return told;
};

const signIn = async () => {
  const begun = await post("/api/v1/sign-in/passkey/begin");
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(begun.options);
  const credential = await navigator.credentials.get({ publicKey });
  await post("/api/v1/sign-in/passkey/finish", { token: begun.token, answer: credential.toJSON() });
};

const register = async (form) => {
  const { secret, name, label } = Object.fromEntries(new FormData(form));
  const guest = { secret, name: name ?? "" };
  const begun = await post("/api/v1/invitations/passkey/begin", guest);
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(begun.options);
  const credential = await navigator.credentials.create({ publicKey });
  const answer = credential.toJSON();
  await post("/api/v1/invitations/passkey/finish", { ...guest, label, token: begun.token, answer });
};

const bind = (id, ceremony) => {
  const form = document.getElementById(id);
  if (!form) return;
  const known = window.PublicKeyCredential?.parseCreationOptionsFromJSON;
  if (!known) return say("This browser knows no passkeys, or is too old for them.");
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    say("Waiting for your device …");
    try {
      await ceremony(form);
      location.assign("/");
    } catch (error) {
      say(error.name === "NotAllowedError" ? "Nothing was shown by your device. Try again." : error.message);
    }
  });
};

// The secret of a one-time link stands behind the #, which no server sees; the form sends it.
const link = document.getElementById("link");
if (link && location.hash.length > 1) {
  link.value = location.href;
  history.replaceState(null, "", location.pathname);
  link.form.requestSubmit();
}
bind("passkey-sign-in", signIn);
bind("passkey-register", register);
