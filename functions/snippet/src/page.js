/** What the page says about itself: whether it is an article, which one, in which sections and with which tags. */
import { settings } from './settings.js';

/** @param {string} selector @returns {any[]} */
const all = (selector) => [...document.querySelectorAll(selector)];

/** @param {string} property @returns {string[]} */
const openGraph = (property) => all(`meta[property="${property}"]`).map((meta) => meta.content);

/** @param {any} value @returns {any[]} the nodes of a JSON-LD value, those of lists and of @graph included */
const nodes = (value) => [value].flat().flatMap((node) => (node ? [node, ...nodes(node['@graph'])] : []));

/** The JSON-LD nodes that describe an article. */
const articles = () =>
  all('script[type="application/ld+json"]')
    .flatMap((element) => {
      try {
        return nodes(JSON.parse(element.textContent));
      } catch {
        return [];
      }
    })
    .filter((node) => /(Article|BlogPosting|Report)\b/.test(node['@type']));

/**
 * Up to 20 names of up to 64 characters: those that the publisher set, else those of the page's description of itself.
 * @param {string | string[] | undefined} set @param {string} property @param {string} field @returns {string[]}
 */
export const names = (set, property, field) => {
  const found = [set ?? [openGraph(property), articles().map((node) => node[field])]];
  const texts = found.flat(3).join().split(',').map((text) => text.trim().slice(0, 64));
  return [...new Set(texts)].filter(Boolean).slice(0, 20);
};

/** Which article this page says it is, if it is one; a canonical address of another origin says nothing. @returns {Article | undefined} */
export const described = () => {
  const { article } = settings;
  if (article || openGraph('og:type').includes('article') || articles()[0])
    return { article, url: all('link[rel=canonical]').find(({ href }) => href.startsWith(location.origin + '/'))?.href };
};
