using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using Amazon;
using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Amazon.S3;
using Amazon.S3.Model;
using Flip.Network;

namespace Flip.Data.Stores;

/// <summary>Files of S3 and what speaks like it. Keys come from the usual places (environment, profile, role), unless none are to be used.</summary>
internal sealed class S3Store : IStore
{
    private static readonly string[] EndpointVariables = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"];

    private readonly AmazonS3Client _client;
    private readonly StoreOptions _options;

    /// <summary>A client.</summary>
    /// <param name="options">Endpoint and keys.</param>
    public S3Store(StoreOptions options)
    {
        _options = options;
        var endpoint = options.S3Endpoint ?? EndpointVariables.Select(Environment.GetEnvironmentVariable).FirstOrDefault(value => !string.IsNullOrEmpty(value));
        var config = new AmazonS3Config
        {
            MaxErrorRetry = 0, // tried again by who asks, with the same waits everywhere
            Timeout = Timeout.InfiniteTimeSpan, // likewise
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED, // a part of a file has no sum
        };
        if (endpoint is null)
        {
            config.RegionEndpoint = FallbackRegionFactory.GetRegionEndpoint() ?? RegionEndpoint.USEast1;
        }
        else
        {
            config.ServiceURL = endpoint;
            config.ForcePathStyle = true; // a bucket is no host there
            config.AuthenticationRegion = FallbackRegionFactory.GetRegionEndpoint()?.SystemName ?? RegionEndpoint.USEast1.SystemName;
        }

        _client = options.S3Anonymous ? new AmazonS3Client(new AnonymousAWSCredentials(), config) : new AmazonS3Client(config);
    }

    /// <inheritdoc/>
    public async Task<StoredFile> StatAsync(string address, CancellationToken cancellation)
    {
        var (bucket, key) = StoreAddress.Divide(address);
        var request = new GetObjectMetadataRequest { BucketName = bucket, Key = key };
        var found = await AskAsync(address, token => _client.GetObjectMetadataAsync(request, token), cancellation);
        return new StoredFile(address, found.ContentLength, found.ETag);
    }

    /// <inheritdoc/>
    public async Task<StoredBody> OpenAsync(string address, long offset, long? length, CancellationToken cancellation)
    {
        var (bucket, key) = StoreAddress.Divide(address);

        // The whole is asked for as a part too: the library takes the tag of a whole for its MD5, which it need not be.
        var last = length is { } count ? (offset + count - 1).ToString(CultureInfo.InvariantCulture) : "";
        var request = new GetObjectRequest { BucketName = bucket, Key = key, ByteRange = new ByteRange(string.Create(CultureInfo.InvariantCulture, $"bytes={offset}-{last}")) };
        var response = await AskAsync(address, token => _client.GetObjectAsync(request, token), cancellation);
        var range = ContentRangeHeaderValue.TryParse(response.ContentRange, out var parsed) ? parsed : null;
        if (range?.From != offset || range.Length is null)
        {
            response.Dispose();
            throw new StoreException($"{StoreAddress.Show(address)}: the store gives files only as a whole, and a part was asked for.");
        }

        return new StoredBody(new StoredFile(address, range.Length.Value, response.ETag), response.ResponseStream, response);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredFile> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var (bucket, start) = StoreAddress.Divide(prefix);
        var request = new ListObjectsV2Request { BucketName = bucket, Prefix = start };
        ListObjectsV2Response page;
        do
        {
            page = await AskAsync(prefix, token => _client.ListObjectsV2Async(request, token), cancellation);
            foreach (var file in page.S3Objects ?? [])
            {
                yield return new StoredFile($"{StoreAddress.S3}{bucket}/{file.Key}", file.Size ?? 0, file.ETag);
            }

            request.ContinuationToken = page.NextContinuationToken;
        }
        while (page.IsTruncated == true);
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private async Task<T> AskAsync<T>(string address, Func<CancellationToken, Task<T>> ask, CancellationToken cancellation)
    {
        try
        {
            return await Patience.WithinAsync(_options.Patience, ask, cancellation);
        }
        catch (AmazonServiceException e)
        {
            throw Failure(e, address);
        }
        catch (Exception e) when (e is AmazonClientException or HttpRequestException)
        {
            throw new StoreException(
                $"{StoreAddress.Show(address)}: {e.Message.TrimEnd('.')}; keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile or a role, and a public bucket needs data.s3Anonymous=true.",
                e);
        }
    }

    private static Exception Failure(AmazonServiceException e, string address)
    {
        var reason = string.Concat((e.ErrorCode ?? "").Where(char.IsAsciiLetterOrDigit)); // a server's text
        var message = $"{StoreAddress.Show(address)}: {(int)e.StatusCode} {(reason.Length > 0 ? reason : e.StatusCode)}";
        var isPassing = e.StatusCode == 0 || Patience.IsPassing(e.StatusCode);
        return isPassing
            ? new TransientException(message, RetryAfter(e), e)
            : new StoreException($"{message}.{Hint(e.StatusCode)}", e) { IsMissing = e.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Forbidden };
    }

    private static string Hint(HttpStatusCode status) => status switch
    {
        HttpStatusCode.Forbidden => " The keys that were found may not read it; a public bucket needs data.s3Anonymous=true.",
        HttpStatusCode.MovedPermanently => " The bucket is in another region: name it in AWS_REGION.",
        _ => "",
    };

    private static TimeSpan? RetryAfter(AmazonServiceException e) =>
        e.InnerException is HttpErrorResponseException { Response: { } response }
        && RetryConditionHeaderValue.TryParse(response.GetHeaderValue("Retry-After"), out var wait)
            ? wait.Delta ?? wait.Date - DateTimeOffset.UtcNow
            : null;
}
