using System.Text.Json;
using System.Text.RegularExpressions;
using Flip.Io;

namespace Flip.Conversion.Download;

/// <summary>Which files of a repository a model is read from. The weights are taken in one form.</summary>
internal static partial class ModelFiles
{
    private const string IndexEnding = ".index.json";
    private const int MostNamed = 8;

    /// <summary>Configuration, tokenizer and what the authors say.</summary>
    private static readonly string[] Descriptions =
    [
        "config.json", "open_clip_config.json", "preprocessor_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
        "vocab.json", "merges.txt", "vocab.txt", "spiece.model", "tokenizer.model", "sentencepiece.model", "README.md",
    ];

    /// <summary>The forms of weights, the preferred ones first: safetensors hold numbers alone, the others are programs that make them.</summary>
    private static readonly string[] Weights =
    [
        "open_clip_model.safetensors", "model.safetensors", "model.safetensors" + IndexEnding, "open_clip_pytorch_model.bin", "pytorch_model.bin",
        "pytorch_model.bin" + IndexEnding,
    ];

    /// <summary>The files that say what the model is.</summary>
    public static IEnumerable<RemoteFile> DescriptionsIn(IEnumerable<RemoteFile> listing) => listing.Where(file => Descriptions.Contains(file.Name));

    /// <summary>The file of weights, or the index of several.</summary>
    /// <exception cref="DownloadException">The repository has none, or several between which nothing decides.</exception>
    public static RemoteFile WeightsIn(IReadOnlyList<RemoteFile> listing, string repository)
    {
        var known = Weights.Select(name => listing.FirstOrDefault(file => file.Name == name)).FirstOrDefault(file => file is not null);
        if (known is not null)
        {
            return known;
        }

        var archives = listing.Where(file => !file.Name.Contains('/', StringComparison.Ordinal) && file.Name.EndsWith(".pt", StringComparison.Ordinal)).ToList();
        return archives.Count == 1
            ? archives[0]
            : throw new DownloadException(archives.Count > 1
                ? $"{repository} has several files of weights ({Named(archives)}); give the address of one with its --sha256."
                : $"{repository} has no weights that Flip reads: expected one of {string.Join(", ", Weights)} or a .pt file; it has {Named(listing)}.");
    }

    /// <summary>Whether a file is an index of weights in several files.</summary>
    public static bool IsIndex(RemoteFile file) => file.Name.EndsWith(IndexEnding, StringComparison.Ordinal);

    /// <summary>The files that an index names.</summary>
    /// <exception cref="DownloadException">It is no index, or names what the repository does not have.</exception>
    public static IReadOnlyList<RemoteFile> ShardsOf(string index, IReadOnlyList<RemoteFile> listing)
    {
        var known = listing.ToDictionary(file => file.Name, StringComparer.Ordinal);
        try
        {
            using var json = JsonDocument.Parse(JsonInput.Read(index, JsonInput.MaxTable));
            var names = json.RootElement.GetProperty("weight_map").EnumerateObject().Select(tensor => tensor.Value.GetString() ?? string.Empty).Distinct();
            return [.. names.Order(StringComparer.Ordinal).Select(name =>
                Shard().IsMatch(name) && known.TryGetValue(name, out var file)
                    ? file
                    : throw new DownloadException($"{index} names '{ServerText.OneLine(name)}', which is no file of weights in the repository."))];
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new DownloadException($"{index}: no index of weights ({e.Message.TrimEnd('.')}).", e);
        }
    }

    [GeneratedRegex(@"^[A-Za-z0-9_.-]+\.(safetensors|bin)\z")]
    private static partial Regex Shard();

    private static string Named(IReadOnlyList<RemoteFile> files) => files.Count == 0
        ? "no files"
        : string.Join(", ", files.Take(MostNamed).Select(file => ServerText.OneLine(file.Name))) + (files.Count > MostNamed ? $" and {files.Count - MostNamed} more" : string.Empty);
}
