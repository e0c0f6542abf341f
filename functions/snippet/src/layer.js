/** What the site's tag manager is told: pushes into window.dataLayer, where there is one. */

/** @param {any} detail @returns {Record<string, string>} the part of the names that tells kinds apart */
const names = (detail) => ({
  decision: 'decision',
  shown: 'prompt_shown',
  dismissed: 'prompt_dismissed',
  clicked: `${detail?.kind || 'link'}_clicked`,
  miss: 'fail_open',
});

/**
 * No token, digest or address goes in: only which article, and what was decided on it.
 * @param {string} name of the event on the page @param {any} detail @param {string} article names it
 * @param {Decision | null} decision
 */
export const tell = (name, detail, article, decision) => {
  const { access, reason, meter, limit, used, remaining, prompt } = decision || {};
  const readmeter = { article, access, reason, meter, limit, used, remaining, prompt: prompt?.kind };
  window.dataLayer?.push({ event: 'readmeter_' + names(detail)[name], readmeter });
};
