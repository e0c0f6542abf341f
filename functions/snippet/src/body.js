/** The text of an article that its publisher withholds: asked for with the grant, put at the end of what the page has. */
import { findGate } from './cut.js';

/** Whether the text is on the page. */
let isHere = false;

/** Whether the page has the beginning only. @param {Settings} settings */
export const isWithheld = (settings) => !!settings.body && !isHere;

/**
 * The text, if the publisher's server gives it out. A document that XMLHttpRequest makes is nothing that Trusted Types
 * guard, and scripts in it never run.
 * @param {string} address @param {string | null} grant @returns {Promise<Node[]>} none where it does not
 */
export const ask = (address, grant) =>
  new Promise((answered) => {
    const request = new XMLHttpRequest();
    request.open('GET', address);
    request.setRequestHeader('Authorization', 'Readmeter ' + grant);
    request.responseType = 'document';
    request.onloadend = () => {
      const { status, response } = request;
      if (status != 200 || !response) console.error(`Readmeter: ${address} gave out no text (${status}).`);
      answered(status == 200 && response ? [...response.body.childNodes] : []);
    };
    request.send();
  });

/** @param {Node[]} text @param {Settings} settings @returns {boolean} whether it is on the page now */
export const put = (text, settings) => {
  const gate = findGate(settings.gate);
  gate?.append(...text);
  return (isHere = !!gate && text.length > 0);
};
