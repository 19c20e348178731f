/** All that a page has to do: it tells the element how to get a token of the tenant that is signed in here. */
const jobs = document.querySelector('headgate-jobs');

jobs.getToken = async () => {
  const response = await fetch('/token', { method: 'POST' });
  if (!response.ok) throw new Error('No tenant is signed in.');
  return response.text();
};
