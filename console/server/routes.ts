/** Which requests of a page go on to the API: those that the document of the API has, and no others. */
import document from '../../docs/openapi.json' with { type: 'json' };

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

const routes = Object.entries(document.paths).flatMap(([path, operations]) => {
  const pattern = new RegExp(`^${path.replaceAll(/[.]/g, '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`);
  return METHODS.filter((method) => method in operations).map((method) => ({
    method: method.toUpperCase(),
    pattern,
  }));
});

/** @param pathname as the parser of URLs has read it, so that no `..` is left in it */
export const isRoute = (method: string, pathname: string): boolean =>
  routes.some((route) => route.method === method && route.pattern.test(pathname));
