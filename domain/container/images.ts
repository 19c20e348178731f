/** The images of a registry, and the folders that take their places on a laptop. */
import type { Container, Image } from './container.ts';

/** The stack's own repository, by its logical id in the template. */
const OWN_REPOSITORY = 'WorkerRepository';

/**
 * The folder of each image, from the root of the repository; by the image, or by the logical id of the stack's own repository.
 *
 * @throws Error when one image has two folders
 */
export function imageFolders(containers: readonly Pick<Container, 'image'>[]): Record<string, string> {
  const folders = new Map<string, string>();
  for (const { image } of containers) {
    const name = image.uri ?? OWN_REPOSITORY;
    const known = folders.get(name);
    if (known !== undefined && known !== image.folder)
      throw new Error(
        `job-types.ts: expected one folder for the image ${nameOf(image)}, found ${known} and ${image.folder}`,
      );
    folders.set(name, image.folder);
  }
  return Object.fromEntries(folders);
}

const nameOf = ({ uri }: Image) => uri ?? 'of the stack';
