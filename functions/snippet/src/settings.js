/** How the publisher set the snippet up: attributes of its script element, else window.readmeterConfig. */

// Never currentScript: optimizers and tag managers move the element, load it late and strip its attributes.
/** @type {Partial<HTMLScriptElement>} */
export const script = document.querySelector('script[src*="/v1/snippet"]') || {};
const { src = '' } = script;

/** Strings from attributes, anything from the configuration. @type {Settings} */
export const settings = { ...self.readmeterConfig, ...script.dataset };
export const site = settings.site || src.match(/site=([\w-]+)/)?.[1];

/** @param {string} address @returns {string} where the routes below it are */
const routes = (address) => address.split(/\/v1\/|\/$/)[0] + '/v1/';

export const api = routes(settings.api || src);
/** The other part comes from where this one came from: the page's policy already allows that place. */
export const assets = routes(src || api);
