/** A template, or a connection in it, that this cloud refuses to run. The message is for the author of the template. */
export class TemplateRefusal extends Error {
  /** @param place a path from the top of the template */
  constructor(place: string, reason: string) {
    super(`${place}: ${reason}`);
    this.name = 'TemplateRefusal';
  }
}
