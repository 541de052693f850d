using System.Globalization;
using System.Net;
using Flip.Network;
using Polly;

namespace Flip.Conversion.Download;

/// <summary>
/// Downloads published models. Every file is checked with the hash that the hub lists, and only then has its name; what has arrived of
/// a file is kept over a stop and continued. Nothing in a file is executed.
/// </summary>
/// <param name="options">Hub, token, progress and patience.</param>
public sealed class ModelDownload(DownloadOptions options)
{
    private readonly ResiliencePipeline _retries = Retries.Of(options.Retries, options.RetryDelay, options.Notice);

    /// <summary>Whether a text can be a repository's name, <c>owner/model</c>.</summary>
    public static bool IsRepositoryName(string text) => HubClient.IsName(text);

    /// <summary>Whether an address may be asked: https, or http on this machine.</summary>
    public static bool IsSafe(Uri url) => HttpTransport.IsSafe(url);

    /// <summary>Whether a text is a SHA-256 in hexadecimal.</summary>
    public static bool IsSha256(string text) => FileDigest.Parse(DigestKind.Sha256, text) is not null;

    /// <summary>Brings what Flip needs of a hub's model: configuration, tokenizer and weights, safetensors where there are any.</summary>
    /// <param name="repository">The model's name, <c>owner/model</c>.</param>
    /// <param name="revision">Branch, tag or commit.</param>
    /// <param name="folder">Where the files go; files of other names stay.</param>
    /// <param name="cancellation">Stops; a second call goes on from there.</param>
    /// <exception cref="DownloadException">The model cannot be had, or a file is not what the hub lists.</exception>
    public async Task<DownloadedModel> FromHubAsync(string repository, string revision, string folder, CancellationToken cancellation = default)
    {
        if (!IsRepositoryName(repository))
        {
            throw new ArgumentException($"Expected owner/model, got '{repository}'.", nameof(repository));
        }

        using var transport = new HttpTransport(options.Hub, options.Token, options);
        try
        {
            var hub = new HubClient(options.Hub, transport, _retries);
            var commit = await hub.ResolveAsync(repository, revision, cancellation);
            var listing = await hub.ListAsync(repository, commit, cancellation);
            var weights = ModelFiles.WeightsIn(listing, repository);
            var set = new FileSet(new FileTransfer(transport, _retries), options, folder);
            var descriptions = ModelFiles.DescriptionsIn(listing);
            IReadOnlyList<DownloadedFile> index = [];
            IReadOnlyList<RemoteFile> parts = [weights];
            if (ModelFiles.IsIndex(weights))
            {
                index = await set.BringAsync([weights], cancellation);
                parts = ModelFiles.ShardsOf(weights.PathIn(folder), listing);
            }

            return new DownloadedModel(repository, commit, folder, [.. index, .. await set.BringAsync([.. descriptions, .. parts], cancellation)]);
        }
        catch (RefusedException e)
        {
            throw new DownloadException($"{e.Message}. {Advice(e.Status, repository, revision)}", e);
        }
    }

    /// <summary>Brings one file.</summary>
    /// <param name="url">Its address.</param>
    /// <param name="sha256">What its content hashes to, in hexadecimal.</param>
    /// <param name="folder">Where it goes, under the last part of its address.</param>
    /// <param name="cancellation">Stops; a second call goes on from there.</param>
    /// <exception cref="DownloadException">The file cannot be had, or is another one.</exception>
    public async Task<DownloadedModel> FromUrlAsync(Uri url, string sha256, string folder, CancellationToken cancellation = default)
    {
        var digest = FileDigest.Parse(DigestKind.Sha256, sha256) ?? throw new ArgumentException("Expected 64 hexadecimal digits.", nameof(sha256));
        var name = Uri.UnescapeDataString(url.Segments[^1]);
        if (name.Length == 0 || name.EndsWith('/'))
        {
            throw new DownloadException($"{HttpTransport.Show(url)}: the address does not end with a file's name.");
        }

        using var transport = new HttpTransport(hub: null, token: null, options);
        try
        {
            var set = new FileSet(new FileTransfer(transport, _retries), options, folder);
            return new DownloadedModel(
                HttpTransport.Show(url), null, folder, await set.BringAsync([new RemoteFile(name, url, null, digest)], cancellation));
        }
        catch (RefusedException e)
        {
            throw new DownloadException($"{e.Message}. Check the address.", e);
        }
    }

    private string Advice(HttpStatusCode status, string repository, string revision)
    {
        var page = $"{options.Hub.AbsoluteUri.TrimEnd('/')}/{repository}";
        return (status, options.Token) switch
        {
            (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden, null) => string.Create(
                CultureInfo.InvariantCulture,
                $"The model is private, asks for its terms to be accepted, or does not exist: check the name, accept the terms at {page}, and set {options.TokenName} to a token that may read it."),
            (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden, _) =>
                $"The token of {options.TokenName} was sent and may not read it: check that it is valid, and accept the model's terms at {page}.",
            (HttpStatusCode.NotFound, _) => $"Check the name {repository}, the revision {revision} and the hub {options.Hub.AbsoluteUri}.",
            _ => "Check the name, the revision and the hub.",
        };
    }
}
