// "Give this article": asks the snippet for a link that opens it, and shows it with how many are left.
const part = document.querySelector('.give');
const [give, copy] = part.querySelectorAll('button');
const link = part.querySelector('[data-part=link]');
const field = part.querySelector('input');
const said = part.querySelector('[data-part=said]');
const messages = JSON.parse(said.dataset.messages);
const forms = JSON.parse(said.dataset.forms);
const plural = new Intl.PluralRules(document.documentElement.lang);
const REFUSED = { 403: 'unread', 409: 'spent' };

give.addEventListener('click', async () => {
  give.disabled = true;
  try {
    const { url, remaining } = await readmeter.gift();
    field.value = url;
    link.hidden = false;
    const form = forms[remaining ? plural.select(remaining) : 'zero'] ?? forms.other;
    said.textContent = form.replace('{n}', remaining);
  } catch ({ status }) {
    said.textContent = messages[REFUSED[status] ?? 'failed'];
  }
  give.disabled = false;
});

copy.addEventListener('click', async () => {
  field.select();
  await navigator.clipboard.writeText(field.value);
  said.textContent = messages.copied;
});

/** There is something to give once the snippet is there whole and has let this reader in. */
const offer = () => {
  part.hidden = !(self.readmeter?.gift && readmeter.decision?.access === 'granted');
};
for (const happened of ['loaded', 'decision']) addEventListener(`readmeter:${happened}`, offer);
offer();
