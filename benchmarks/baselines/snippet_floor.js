// The least that a metering tag can be: an id in localStorage, one request without preflight, a line at the foot of the
// page. No shadow root, no styles that fit the page, no languages, no wall, no retry, no consent: a floor for bytes and work.
(() => {
  const { dataset } = document.currentScript;
  const key = 'floor:' + dataset.site;
  const kept = JSON.parse(localStorage[key] || '{}');
  kept.reader ||= [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const article = dataset.article || (document.querySelector('link[rel=canonical]') || location).href.split(/[?#]/)[0];
  const show = (answer) => {
    const bar = document.createElement('div');
    bar.setAttribute('role', 'status');
    bar.style.cssText = 'position:fixed;bottom:0;left:0;right:0;padding:1em;background:#111;color:#fff;text-align:center;z-index:9999';
    bar.textContent = answer.prompt.message + ' ';
    const link = document.createElement('a');
    link.href = answer.prompt.actions[0].url;
    link.textContent = answer.prompt.actions[0].label;
    link.style.color = 'inherit';
    bar.append(link);
    document.body.append(bar);
    if (answer.access != 'granted') document.querySelectorAll('article').forEach((each) => each.replaceChildren());
    dispatchEvent(new CustomEvent('floor', { detail: answer }));
  };
  fetch(dataset.api + '/v1/views', {
    method: 'POST',
    body: JSON.stringify({ site: dataset.site, article, reader: kept.reader }),
    keepalive: true,
  })
    .then((response) => response.json())
    .then((answer) => {
      localStorage[key] = JSON.stringify({ ...kept, token: answer.reader });
      show(answer);
    })
    .catch(() => {});
})();
