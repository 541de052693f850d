using System.Text.Json;
using System.Text.RegularExpressions;
using Flip.Io;
using Flip.Network;
using Polly;

namespace Flip.Conversion.Download;

/// <summary>What a hub says of a repository: its commits and files.</summary>
/// <param name="hub">The hub's address, which may have a path.</param>
/// <param name="transport">Makes the requests.</param>
/// <param name="retries">Tries again what failed for the moment.</param>
internal sealed partial class HubClient(Uri hub, HttpTransport transport, ResiliencePipeline retries)
{
    /// <summary>Bytes of an answer; the hub's largest list a thousand files.</summary>
    private const int LongestAnswer = 16 << 20;
    private const int MaxPages = 100;
    private const int MaxFiles = 100_000;

    /// <summary>Letters of a file's name with its folders. No file system takes a path above 4096.</summary>
    private const int LongestName = 1024;

    /// <summary>Whether a text can be a repository's name.</summary>
    public static bool IsName(string text) => Name().IsMatch(text) && !text.Contains("..", StringComparison.Ordinal);

    /// <summary>The commit that a branch, a tag or a commit's beginning stands for, so that all files are of one.</summary>
    public async Task<string> ResolveAsync(string repository, string revision, CancellationToken cancellation)
    {
        var url = Address($"api/models/{repository}/revision/{Uri.EscapeDataString(revision)}");
        var (json, _) = await GetJsonAsync(url, cancellation);
        using (json)
        {
            return json.RootElement.ValueKind == JsonValueKind.Object
                && json.RootElement.TryGetProperty("sha", out var sha) && sha.ValueKind == JsonValueKind.String && Commit().IsMatch(sha.GetString()!)
                    ? sha.GetString()!
                    : throw Unexpected(url, "no commit");
        }
    }

    /// <summary>The files of a commit.</summary>
    public async Task<IReadOnlyList<RemoteFile>> ListAsync(string repository, string commit, CancellationToken cancellation)
    {
        var files = new List<RemoteFile>();
        var url = Address($"api/models/{repository}/tree/{commit}?recursive=true");
        for (var page = 0; page < MaxPages; page++)
        {
            var (json, next) = await GetJsonAsync(url, cancellation);
            using (json)
            {
                if (json.RootElement.ValueKind != JsonValueKind.Array)
                {
                    throw Unexpected(url, "no list of files");
                }

                var listed = json.RootElement.EnumerateArray().Where(IsFile).ToList();
                if (files.Count + listed.Count > MaxFiles)
                {
                    throw Unexpected(url, $"more than {MaxFiles} files");
                }

                files.AddRange(listed.Select(entry => Read(entry, url, repository, commit)));
            }

            if (next is null)
            {
                return [.. files.DistinctBy(file => file.Name)];
            }

            url = next;
        }

        throw Unexpected(url, $"more than {MaxPages} pages of files");
    }

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9_.-]{0,95}/[A-Za-z0-9][A-Za-z0-9_.-]{0,95}\z")]
    private static partial Regex Name();

    [GeneratedRegex(@"^[0-9a-f]{40,64}\z")]
    private static partial Regex Commit();

    [GeneratedRegex("<([^>]*)>\\s*;[^,]*rel=\"?next\"?")]
    private static partial Regex NextPage();

    private static DownloadException Unexpected(Uri url, string what) =>
        new($"{HttpTransport.Show(url)}: the answer is not a hub's ({what}); check --hub.");

    private static bool IsFile(JsonElement entry) =>
        entry.ValueKind == JsonValueKind.Object && entry.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String && type.ValueEquals("file");

    /// <summary>A large file is named by the SHA-256 of its content, and its own entry describes a pointer; a small one by git.</summary>
    private RemoteFile Read(JsonElement entry, Uri url, string repository, string commit)
    {
        static string? Text(JsonElement of, string name) =>
            of.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

        var large = entry.TryGetProperty("lfs", out var lfs) && lfs.ValueKind == JsonValueKind.Object;
        var content = large ? lfs : entry;
        var digest = FileDigest.Parse(large ? DigestKind.Sha256 : DigestKind.GitBlob, Text(content, "oid"));
        var length = -1L;
        if (Text(entry, "path") is not { } path || digest is null
            || !content.TryGetProperty("size", out var size) || size.ValueKind != JsonValueKind.Number || !size.TryGetInt64(out length) || length < 0)
        {
            throw Unexpected(url, $"a file without path, size or hash: {ServerText.OneLine(entry.GetRawText())}");
        }

        if (path.Length > LongestName)
        {
            throw new DownloadException($"{repository}: the listing names a file of {path.Length} letters, '{ServerText.OneLine(path)}', the most are {LongestName}; nothing of it is taken.");
        }

        if (RemoteFile.LeadsOut(path))
        {
            throw new DownloadException($"{repository}: the listing names a file '{ServerText.OneLine(path)}', which leads out of the folder; nothing of it is taken.");
        }

        var name = string.Join('/', path.Split('/').Select(Uri.EscapeDataString));
        return new RemoteFile(path, Address($"{repository}/resolve/{commit}/{name}"), length, digest);
    }

    private Uri Address(string path) => new(hub.AbsoluteUri.TrimEnd('/') + "/" + path);

    private Task<(JsonDocument Json, Uri? Next)> GetJsonAsync(Uri url, CancellationToken cancellation) => retries.RunAsync(
        async token =>
        {
            using var response = await transport.GetAsync(url, 0, null, token);
            var content = await transport.ReadAsync(response, LongestAnswer, token);
            var link = response.Headers.TryGetValues("Link", out var links) ? NextPage().Match(string.Join(',', links)) : null;
            try
            {
                JsonInput.Check(content, default);
                return (JsonDocument.Parse(content), link is { Success: true } ? await transport.FollowAsync(url, link.Groups[1].Value, token) : null);
            }
            catch (JsonException e)
            {
                throw Unexpected(url, e.Message.TrimEnd('.'));
            }
        },
        DownloadException.Of,
        cancellation);
}
