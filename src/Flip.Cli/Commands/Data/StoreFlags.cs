using System.CommandLine;
using Flip.Config;

namespace Flip.Cli.Commands.Data;

/// <summary>How shards in the network are read, where a command has no configuration for it.</summary>
internal sealed class StoreFlags
{
    private const double MostGiB = 1_000_000;

    private readonly Option<string?> _cache = new("--cache") { Description = "Folder in which shards of the network are kept; by default one in the user's own." };
    private readonly Option<double> _cacheSize = new("--cache-size") { Description = "Space that they may take there, GiB.", DefaultValueFactory = _ => 100 };
    private readonly Option<string?> _endpoint = new("--s3-endpoint") { Description = "Address of the S3-compatible store of s3:// shards; by default AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL, else Amazon's." };
    private readonly Option<bool> _anonymous = new("--s3-anonymous") { Description = "Read s3:// shards without keys, as those of public buckets." };

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in (ReadOnlySpan<Option>)[_cache, _cacheSize, _endpoint, _anonymous])
        {
            command.Add(option);
        }
    }

    /// <summary>A configuration with them.</summary>
    /// <exception cref="ConfigException">The size is out of range.</exception>
    public DataConfig Of(ParseResult result, DataConfig config)
    {
        var size = result.GetValue(_cacheSize);
        return size is >= 0 and <= MostGiB
            ? config with { Cache = result.GetValue(_cache), CacheSize = size, S3Endpoint = result.GetValue(_endpoint), S3Anonymous = result.GetValue(_anonymous) }
            : throw new ConfigException(FormattableString.Invariant($"--cache-size {size}: must be at least 0 and at most {MostGiB} GiB."));
    }
}
