/** ECR as far as it says whether an image is there: an image of this cloud is a folder. */
import { existsSync } from 'node:fs';
import * as z from 'zod';
import { ACCOUNT_ID, ApiError, type ApiRequest, type ApiResponse } from './aws.ts';

const DescribeImages = z.strictObject({
  registryId: z.literal(ACCOUNT_ID).optional(),
  repositoryName: z.string().min(1),
  imageIds: z
    .array(z.strictObject({ imageTag: z.string().min(1) }))
    .min(1)
    .max(100),
});

const TARGET = 'AmazonEC2ContainerRegistry_V20150921.DescribeImages';

export interface EcrOptions {
  readonly region: string;
  /** The folder in place of an image, as for Batch. */
  imageDirectory(image: string): string | undefined;
}

export interface Ecr {
  handle(request: ApiRequest): Promise<ApiResponse>;
}

/** @see https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html */
export function createEcr({ region, imageDirectory }: EcrOptions): Ecr {
  const folderOf = (repository: string, tag: string) =>
    imageDirectory(`${ACCOUNT_ID}.dkr.ecr.${region}.amazonaws.com/${repository}:${tag}`);
  return {
    async handle({ headers, body }) {
      if (headers['x-amz-target'] !== TARGET)
        throw new ApiError('UnknownOperationException', 'not implemented here: ECR has DescribeImages alone');
      const parsed = DescribeImages.safeParse(body);
      if (!parsed.success) throw new ApiError('InvalidParameterException', z.prettifyError(parsed.error));
      const { repositoryName, imageIds } = parsed.data;
      const imageDetails = imageIds.map(({ imageTag }) => {
        const folder = folderOf(repositoryName, imageTag);
        if (folder === undefined)
          throw new ApiError(
            'RepositoryNotFoundException',
            `The repository with name '${repositoryName}' does not exist in the registry with id '${ACCOUNT_ID}'`,
          );
        if (!existsSync(folder))
          throw new ApiError(
            'ImageNotFoundException',
            `The image with imageId {imageTag: '${imageTag}'} does not exist within the repository with name '${repositoryName}'`,
          );
        return { registryId: ACCOUNT_ID, repositoryName, imageTags: [imageTag] };
      });
      return { status: 200, body: { imageDetails } };
    },
  };
}
