using System.Text.Json;
using Flip.Config;
using Flip.Io;
using Flip.Models;
using Flip.Storage;
using static TorchSharp.torch;

namespace Flip.Training;

/// <summary>
/// Checkpoints of a run, one folder each, named by samples seen. A folder is written under a temporary name and renamed
/// when it is whole, so that one that has its name is complete. Folders of other names are neither read nor removed.
/// </summary>
/// <param name="folder">Folder of all checkpoints of the run.</param>
/// <param name="keep">Newest checkpoints kept, at least 2; 0 keeps all.</param>
public sealed class CheckpointStore(string folder, int keep)
{
    private const string StateFile = "state.json";
    private const string Unfinished = ".unfinished";
    private const string NotFinite = ".not-finite";
    private const long MostSamples = 9_999_999_999_999; // what a checkpoint's name has digits for; the longest published training saw 4e10
    private const int MostCauses = 1000; // of bad samples; there are some twenty
    private const int LongestState = 1 << 20; // bytes; a few causes of bad samples take some hundred
    private const int FewestKept = 2; // the newest is known to be good only after the step that follows it
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>Folder of the newest checkpoint, or null.</summary>
    public string? Latest => CheckpointFolder.Latest(folder);

    /// <summary>Writes a checkpoint and removes the oldest ones.</summary>
    /// <exception cref="IOException">It could not be written, for example on a full disk; earlier checkpoints are untouched.</exception>
    /// <param name="state">Where the training is.</param>
    /// <param name="parameters">The weights.</param>
    /// <param name="firstMoment">The optimiser's, whole, <c>[parameters]</c>.</param>
    /// <param name="secondMoment">The optimiser's, whole, <c>[parameters]</c>.</param>
    /// <param name="ema">The average, where one is kept.</param>
    public string Save(TrainState state, FlatParameters parameters, Tensor firstMoment, Tensor secondMoment, WeightEma? ema)
    {
        var target = FolderOf(state.Samples);
        if (Directory.Exists(target))
        {
            return target; // the state at a sample count is always the same
        }

        var temporary = AtomicFile.TemporaryName(target, Unfinished);
        try
        {
            foreach (var abandoned in Directory.Exists(folder) ? Directory.GetDirectories(folder, CheckpointFolder.Prefix + "*" + Unfinished) : [])
            {
                Directory.Delete(abandoned, recursive: true); // of a link, the link alone
            }

            Directory.CreateDirectory(temporary);
            WeightFile.Save(Path.Combine(temporary, ModelFolder.WeightsFile), parameters);
            SafetensorsWriter.Write(
                Path.Combine(temporary, "optimizer.safetensors"),
                [("firstMoment", firstMoment), ("secondMoment", secondMoment)]);
            if (ema is not null)
            {
                WeightFile.Save(Path.Combine(temporary, CheckpointFolder.AverageFile), parameters, ema.Average);
            }

            AtomicFile.WriteText(Path.Combine(temporary, StateFile), JsonSerializer.Serialize(state, Json));
            Directory.Move(temporary, target);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            TryDelete(temporary);
            throw new IOException($"Cannot write the checkpoint {target}: {e.Message}", e);
        }

        Prune();
        return target;
    }

    /// <summary>Takes the checkpoint of a number of samples out of the run, since its first step is not finite. Its files are kept beside.</summary>
    /// <returns>Where they are; null where there is no such checkpoint, or it cannot be moved.</returns>
    public string? SetAside(long samples)
    {
        var checkpoint = FolderOf(samples);
        if (!Directory.Exists(checkpoint))
        {
            return null;
        }

        var aside = checkpoint + NotFinite;
        TryDelete(aside);
        try
        {
            Directory.Move(checkpoint, aside);
            return aside;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Restores weights, moments and average from a checkpoint's folder.</summary>
    /// <param name="checkpoint">The folder.</param>
    /// <param name="parameters">The weights.</param>
    /// <param name="config">The model that they are of.</param>
    /// <param name="firstMoment">Receives the optimiser's, whole, <c>[parameters]</c>.</param>
    /// <param name="secondMoment">Receives the optimiser's, whole, <c>[parameters]</c>.</param>
    /// <param name="ema">The average, where one is kept.</param>
    /// <exception cref="CheckpointFormatException">A file is missing, damaged or of another model.</exception>
    public static TrainState Load(string checkpoint, FlatParameters parameters, ModelConfig config, Tensor firstMoment, Tensor secondMoment, WeightEma? ema)
    {
        var state = LoadState(Path.Combine(checkpoint, StateFile));
        if (Path.GetFileName(checkpoint) is var name && name.StartsWith(CheckpointFolder.Prefix, StringComparison.Ordinal) && name != CheckpointFolder.NameOf(state.Samples))
        {
            throw new CheckpointFormatException(checkpoint, null, $"its {StateFile} is of {state.Samples} samples, and its name of others");
        }

        using (var weights = Open(checkpoint, ModelFolder.WeightsFile))
        {
            WeightFile.Load(weights, OwnNames.Instance, parameters, config);
        }

        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using (var moments = Open(checkpoint, "optimizer.safetensors"))
        {
            CopyFlat(moments, "firstMoment", firstMoment);
            CopyFlat(moments, "secondMoment", secondMoment);
        }

        if (ema is not null)
        {
            using var average = Open(checkpoint, CheckpointFolder.AverageFile);
            foreach (var parameter in parameters.All)
            {
                CopyFlat(average, parameter.Name, ema.Average.narrow(0, parameter.Offset, parameter.Count));
            }
        }

        return state;
    }

    private static SafetensorsReader Open(string checkpoint, string file)
    {
        var path = Path.Combine(checkpoint, file);
        try
        {
            return new SafetensorsReader(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointFormatException(path, null, e.Message, e);
        }
    }

    private static TrainState LoadState(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<TrainState>(JsonInput.Read(path, LongestState).Span, Json)
                is { BadSamples: not null, Samples: >= 0 and <= MostSamples, Steps: >= 0, Seconds: >= 0 and < double.PositiveInfinity, SamplesPerEpoch: >= 0 } state
                && state.Steps <= state.Samples && state.BadSamples.Count <= MostCauses && state.BadSamples.Values.All(count => count is >= 0 and <= MostSamples)
                ? state
                : throw new CheckpointFormatException(
                    path, null, $"holds no training state: samples up to {MostSamples}, no more steps than samples, seconds and bad samples, none negative");
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new CheckpointFormatException(path, null, e.Message, e);
        }
    }

    private static void CopyFlat(SafetensorsReader reader, string name, Tensor target)
    {
        CheckpointFormatException Wrong(string problem) => new(reader.Path, name, problem);

        var count = reader.Contains(name) ? reader.Describe(name).Count : 0;
        if (count != target.numel())
        {
            throw Wrong($"has {count} entries, and the model {target.numel()} parameters");
        }

        var values = reader.ReadTensor(name);
        target.copy_(!values.is_floating_point() ? throw Wrong($"is {reader.Describe(name).Type}, expected floating-point numbers")
            : !WeightFile.IsFinite(values) ? throw Wrong("has numbers that are NaN or infinite")
            : values.view(-1));
    }

    private string FolderOf(long samples) => Path.Combine(folder, CheckpointFolder.NameOf(samples));

    private void Prune()
    {
        var all = CheckpointFolder.All(folder);
        foreach (var old in keep > 0 ? all.SkipLast(Math.Max(keep, FewestKept)) : [])
        {
            TryDelete(old);
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            if (Directory.Exists(path))
            {
                Directory.Delete(path, recursive: true);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // An old or unfinished checkpoint that stays costs space, not correctness.
        }
    }
}
