/** What the page says about itself: whether it is an article, which one, in which sections and with which tags. */

/** @param {string} selector @returns {any[]} */
const all = (selector) => [...document.querySelectorAll(selector)];

/**
 * What Open Graph and JSON-LD (lists and @graph included) say, with commas between.
 * @param {string} property @param {string} field
 */
const said = (property, field) =>
  [
    all(`meta[property="${property}"]`).map((meta) => meta.content),
    all('script[type*=ld]').map((element) => {
      try {
        return [JSON.parse(element.textContent)]
          .flat()
          .map((node) => [node, node['@graph']].flat().map((each) => each?.[field]));
      } catch {
        // Not JSON: it says nothing.
      }
    }),
  ].join();

/**
 * Up to 20 names of up to 64 characters: those that the publisher set, else those of the page's description of itself.
 * @param {string | string[] | undefined} set @param {string} property @param {string} field
 */
export const names = (set, property, field) =>
  [
    ...new Set(
      String(set ?? said(property, field))
        .split(',')
        .map((name) => name.trim().slice(0, 64)),
    ),
  ]
    .filter(Boolean)
    .slice(0, 20);

export const isArticle = () => /article|BlogPosting|Report/i.test(said('og:type', '@type'));

/** @returns {string | undefined} */
export const canonical = () => all('link[rel=canonical]')[0]?.href;
