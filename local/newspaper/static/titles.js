// Keeps the titles of the articles that counted, in this browser only: the meter knows them by digests.
const MOST = 200;
const { site } = document.querySelector('script[data-site]').dataset;
const entry = `${site}:titles`;

/** What this browser knows, oldest first: {<digest>: {title, path, lang}}. */
const titles = () => {
  try {
    return { ...JSON.parse(localStorage[entry]) };
  } catch {
    return {}; // Blocked, empty or damaged.
  }
};

/** The titles of these digests, as far as they are known; the others are forgotten. */
export const retain = (digests) => {
  const kept = Object.entries(titles()).filter(([digest]) => digests.includes(digest));
  save(kept);
  return kept.map(([, title]) => title);
};

const save = (entries) => {
  try {
    localStorage[entry] = JSON.stringify(Object.fromEntries(entries.slice(-MOST)));
  } catch {
    // The browser keeps nothing: the list will say that there is more than it can name.
  }
};

const keep = ({ access, article, meter }) => {
  const title = document.querySelector('meta[property="og:title"]')?.content;
  if (!title || !meter || access !== 'granted') return;
  const { pathname: path } = location;
  save(Object.entries({ ...titles(), [article]: { title, path, lang: document.documentElement.lang } }));
};

addEventListener('readmeter:decision', ({ detail }) => keep(detail));
if (self.readmeter?.decision) keep(self.readmeter.decision); // It was there before us.
