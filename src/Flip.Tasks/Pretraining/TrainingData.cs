using Flip.Collectives;
using Flip.Config;
using Flip.Data;
using Flip.Data.Classes;
using Flip.Data.Images;
using Flip.Data.Loading;
using Flip.Data.Shards;
using Flip.Data.Stores;
using Flip.Devices;
using Flip.Evaluation.DataSets;
using Flip.Tokenizers;
using Flip.Training;

namespace Flip.Tasks.Pretraining;

/// <summary>Indexed training shards and how their captions are read.</summary>
public sealed record TrainingData(DataSetIndex Index, CaptionReader Captions)
{
    /// <summary>Indexes the configured shards.</summary>
    /// <param name="data">Which.</param>
    /// <param name="say">Receives what is found.</param>
    /// <param name="cancellation">Stops the indexing.</param>
    /// <param name="allowOutside">Whether links to shards may lead out of their folder.</param>
    /// <exception cref="ConfigException">No shards are configured, or they have no samples.</exception>
    public static TrainingData Open(DataConfig data, Action<string> say, CancellationToken cancellation, bool allowOutside = false)
    {
        var pattern = data.Train ?? throw new ConfigException(
            "There is no training data: name the shards, for example --data 'shards/train-{0000..0041}.tar' (data.train).");
        var sources = SourceProgress.Sources(say, allowMissing: true, allowOutside) with { Remote = new RemoteFiles(StoresOf(data, say)), Index = data.Index };
        var index = ShardSources.Open(pattern, sources, cancellation);
        say(FormattableString.Invariant($"{index.Count:N0} samples in {index.Shards.Count} shards."));
        if (data.ClassNames is not { } file)
        {
            return new TrainingData(index, new CaptionReader());
        }

        var names = ClassNames.Load(file);
        LabelledData.SayAlike(names, file, say);
        return new TrainingData(index, new CaptionReader(names, ClassTemplates.Load(data.ClassTemplates)));
    }

    /// <summary>The configured tokenizer; a vocabulary is learnt from the captions where none is named.</summary>
    public ITokenizer Tokenizer(DataConfig data, Action<string> say, CancellationToken cancellation)
    {
        if (data.Vocabulary is null && data.Tokenizer == TokenizerKind.WordPiece)
        {
            say("Learning a vocabulary from the captions.");
        }

        var tokenizer = TokenizerFactory.Create(data, () => Index.ReadCaptions(Captions), cancellation);
        say(FormattableString.Invariant($"{tokenizer.VocabularySize:N0} entries in the vocabulary."));
        return tokenizer;
    }

    /// <summary>The loader at a position, of parts of batches as the steps of a training read them.</summary>
    /// <param name="config">The training.</param>
    /// <param name="tokenizer">Turns captions into rows.</param>
    /// <param name="position">Samples before.</param>
    /// <param name="compute">What the steps compute on.</param>
    /// <param name="ranks">Who shares the batches; null for this process alone.</param>
    public IBatchSource Loader(FlipConfig config, ITokenizer tokenizer, long position, Compute compute, ICommunicator? ranks = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(compute);
        ranks ??= OneProcess.Instance;
        var reading = BatchReading.Of(config, compute, ranks.World);
        return Open(config, tokenizer, Options(config, position) with
        {
            Rank = ranks.Rank,
            World = ranks.World,
            PartSize = reading.MicroBatch,
            PrefetchBatches = reading.PartsAhead(config.Data.PrefetchBatches),
            Layout = new PairLayout(config.Model, (ulong)config.Train.Seed, compute.Device),
            Mask = TrainingPlan.Of(config, Index.Count).ImageMask,
        });
    }

    /// <summary>Some pairs with whole images, cropped as in training.</summary>
    /// <param name="config">The training.</param>
    /// <param name="tokenizer">Turns captions into rows.</param>
    /// <param name="count">How many, from the start of the first epoch.</param>
    /// <param name="cancellation">Stops the reading.</param>
    public Batch FirstPairs(FlipConfig config, ITokenizer tokenizer, int count, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(config);
        using var loader = Open(config, tokenizer, Options(config, 0) with { BatchSize = 0 }); // nothing is made ahead of what is asked for
        return loader.Next(count, cancellation);
    }

    /// <summary>How shards in the network are read.</summary>
    /// <param name="data">Cache and keys.</param>
    /// <param name="say">Receives why something is asked for again.</param>
    public static StoreOptions StoresOf(DataConfig data, Action<string> say) => new()
    {
        CacheFolder = data.Cache,
        CacheBytes = (long)(data.CacheSize * (1L << 30)),
        S3Endpoint = data.S3Endpoint,
        S3Anonymous = data.S3Anonymous,
        Notice = say,
    };

    private static BatchLoaderOptions Options(FlipConfig config, long position) => new()
    {
        TextLength = config.Model.Text.Length,
        Seed = (ulong)config.Train.Seed,
        ShuffleShards = config.Data.ShuffleShards,
        Workers = config.Data.Workers,
        PrefetchBatches = config.Data.PrefetchBatches,
        MaxBadShare = config.Data.MaxBadShare,
        Start = position,
        BatchSize = config.Train.BatchSize,
    };

    private BatchLoader Open(FlipConfig config, ITokenizer tokenizer, BatchLoaderOptions options) => new(
        Index,
        Captions,
        tokenizer,
        new TrainTransform(
            config.Model.Image.ImageSize,
            config.Data.CropMinArea,
            config.Data.FlipProbability,
            (ulong)config.Train.Seed,
            config.Data.ReducedDecoding),
        options);
}
