/** The queue of what the next view reports: bounded, and emptied only of what an answered view took along. */

const KIND = /^(prompt_(shown|dismissed)|(subscribe|sign_in|register)_clicked|fail_open)$/;
const MOST = 20;
/** A view's body may have 8 KB in all. */
const MOST_BYTES = 2000;
const MOST_ARTICLE_BYTES = 512;

/** @param {string} text */
const bytes = (text) => new TextEncoder().encode(text).length;

/**
 * The newest reports that one view can carry: a single wrong one would cost it its answer.
 * @param {any} queue as it was kept @returns {Report[]}
 */
export const tidied = (queue) => {
  const reports = Array.isArray(queue) ? queue.filter(isReport).slice(-MOST) : [];
  while (bytes(JSON.stringify(reports)) > MOST_BYTES) reports.shift();
  return reports;
};

/** @param {any} report */
const isReport = (report) =>
  KIND.test(report?.kind) &&
  typeof report.article == 'string' &&
  !/^$|\p{Cc}/u.test(report.article) &&
  bytes(report.article.normalize()) <= MOST_ARTICLE_BYTES &&
  Number.isInteger(report.at);

/** What is in the queue and was not sent. @param {Report[] | undefined} queue @param {Report[] | undefined} sent */
export const untaken = (queue, sent) => {
  const taken = new Set(tidied(sent).map((report) => JSON.stringify(report)));
  return tidied(queue).filter((report) => !taken.has(JSON.stringify(report)));
};
