using System.CommandLine;
using Flip.Data;
using Flip.Ingest.Formats;

namespace Flip.Cli.Commands.Data;

/// <summary>How a user names a source of image-text pairs in any format.</summary>
internal sealed class PairSourceOptions
{
    private readonly Argument<string> _source = new("source")
    {
        Description = "Shards, TFRecord files, tables (.csv, .tsv, .jsonl, .parquet; texts also with .gz), COCO's or Karpathy's captions, or a folder of images: a folder, a file, a name with * and ?, or names in braces.",
    };

    private readonly Option<string?> _imageColumn = new("--image-column") { Description = "Column of a table that has the images' paths or bytes (default: found by its name)." };
    private readonly Option<string[]> _captionColumns = new("--caption-column") { Description = "Column of a table that has captions; may be given several times (default: found by its name)." };
    private readonly Option<string> _split = new("--split") { Description = "Part of a data set that has several.", DefaultValueFactory = _ => "train" };

    /// <summary>Adds the argument and the options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Add(_source);
        foreach (var option in (Option[])[_imageColumn, _captionColumns, _split, DataOptions.AllowOutside])
        {
            command.Add(option);
        }
    }

    /// <summary>The source as the user wrote it; what is there, by its full path.</summary>
    public string Name(ParseResult result) => Path.Exists(result.GetValue(_source)) ? Path.GetFullPath(result.GetValue(_source)!) : result.GetValue(_source)!;

    /// <summary>What else decides what is read, by name.</summary>
    public IReadOnlyDictionary<string, string> Settings(ParseResult result) => new Dictionary<string, string>
    {
        ["image-column"] = result.GetValue(_imageColumn) ?? "-",
        ["caption-column"] = string.Join(",", result.GetValue(_captionColumns) ?? []),
        ["split"] = result.GetValue(_split)!,
    };

    /// <summary>Opens the source, and says of what format it is.</summary>
    /// <exception cref="ConfigException">There is none, or nothing in it is known.</exception>
    public IPairReader Open(ParseResult result, Action<string> say, CancellationToken cancellation)
    {
        var reader = PairReaders.Open(
            result.GetValue(_source)!,
            new PairReaderOptions
            {
                Source = SourceProgress.Sources(say, allowMissing: true, allowOutside: result.GetValue(DataOptions.AllowOutside)),
                Split = result.GetValue(_split)!,
                ImageColumn = result.GetValue(_imageColumn),
                CaptionColumns = result.GetValue(_captionColumns) ?? [],
            },
            cancellation);
        say($"Format: {reader.Format}.");
        return reader;
    }
}
