/** A template, or a wiring in it, that this cloud will not run. The message is for whoever wrote the template. */
export class TemplateRefusal extends Error {
  /** @param place where it stands, as a path from the top of the template */
  constructor(place: string, reason: string) {
    super(`${place}: ${reason}`);
    this.name = 'TemplateRefusal';
  }
}
