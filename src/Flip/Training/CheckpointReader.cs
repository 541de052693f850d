using System.Text.Json;
using Flip.Config;
using Flip.Io;
using Flip.Models;
using Flip.Storage;
using static TorchSharp.torch;

namespace Flip.Training;

/// <summary>Reads a checkpoint, which a stranger or a bad disk may have changed.</summary>
internal static class CheckpointReader
{
    /// <summary>What <c>state.json</c> says of its checkpoint from the version on that writes manifests: one that lacks its manifest is damaged then.</summary>
    public const int FormatWithManifest = 2;

    /// <summary>Key of the format in <c>state.json</c>.</summary>
    public const string FormatKey = "format";

    private const long MostSamples = 9_999_999_999_999; // what a checkpoint's name has digits for; the longest published training saw 4e10
    private const int MostCauses = 1000; // of bad samples; there are some twenty
    private const int LongestState = 1 << 20; // bytes; a few causes of bad samples take some hundred

    /// <summary>Restores weights, moments and average.</summary>
    /// <inheritdoc cref="CheckpointStore.Load"/>
    public static TrainState Load(string checkpoint, FlatParameters parameters, ModelConfig config, Tensor firstMoment, Tensor secondMoment, WeightEma? ema)
    {
        var state = LoadState(checkpoint);
        using (var weights = Open(checkpoint, ModelFolder.WeightsFile))
        {
            WeightFile.Load(weights, OwnNames.Instance, parameters, config);
        }

        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using (var moments = Open(checkpoint, CheckpointStore.MomentsFile))
        {
            CopyFlat(moments, CheckpointStore.FirstMoment, parameters.All, firstMoment);
            CopyFlat(moments, CheckpointStore.SecondMoment, parameters.All, secondMoment);
        }

        if (ema is not null)
        {
            using var average = Open(checkpoint, CheckpointFolder.AverageFile);
            foreach (var parameter in parameters.All)
            {
                CopyFlat(average, parameter.Name, [parameter], ema.Average);
            }
        }

        return state;
    }

    /// <summary>Why a checkpoint is not what was written, as a sentence without its full stop; null where it is, or nothing tells.</summary>
    /// <param name="checkpoint">The folder.</param>
    public static string? Damage(string checkpoint)
    {
        if (FolderManifest.IsIn(checkpoint))
        {
            return FolderManifest.Problem(checkpoint);
        }

        try
        {
            if (ReadState(Path.Combine(checkpoint, CheckpointStore.StateFile)).Format >= FormatWithManifest)
            {
                return $"{FolderManifest.FileName} is missing";
            }

            // Of an older version: what can be seen without a hash.
            Open(checkpoint, ModelFolder.WeightsFile).Dispose();
            Open(checkpoint, CheckpointStore.MomentsFile).Dispose();
            if (Path.Exists(Path.Combine(checkpoint, CheckpointFolder.AverageFile)))
            {
                Open(checkpoint, CheckpointFolder.AverageFile).Dispose();
            }

            return null;
        }
        catch (CheckpointFormatException e)
        {
            return e.Message.TrimEnd('.');
        }
    }

    private static TrainState LoadState(string checkpoint)
    {
        var state = ReadState(Path.Combine(checkpoint, CheckpointStore.StateFile)).State;
        return Path.GetFileName(checkpoint) is var name && name.StartsWith(CheckpointFolder.Prefix, StringComparison.Ordinal) && name != CheckpointFolder.NameOf(state.Samples)
            ? throw new CheckpointFormatException(checkpoint, null, $"its {CheckpointStore.StateFile} is of {state.Samples} samples, and its name of others")
            : state;
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

    private static (TrainState State, int Format) ReadState(string path)
    {
        try
        {
            var json = JsonInput.Read(path, LongestState);
            return JsonSerializer.Deserialize<TrainState>(json.Span, CheckpointStore.Json)
                is { BadSamples: not null, Samples: >= 0 and <= MostSamples, Steps: >= 0, Seconds: >= 0 and < double.PositiveInfinity, SamplesPerEpoch: >= 0 } state
                && state.Steps <= state.Samples && state.BadSamples.Count <= MostCauses && state.BadSamples.Values.All(count => count is >= 0 and <= MostSamples)
                && state.Spikes?.IsValid(state.Steps, MostSamples) != false
                ? (state, Format(json))
                : throw new CheckpointFormatException(
                    path, null, $"holds no training state: samples up to {MostSamples}, no more steps than samples, seconds and bad samples, none negative, and a history of spikes that fits them");
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new CheckpointFormatException(path, null, e.Message, e);
        }
    }

    private static int Format(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.TryGetProperty(FormatKey, out var format) && format.ValueKind == JsonValueKind.Number && format.TryGetInt32(out var number) ? number : 1;
    }

    /// <summary>Copies a tensor of all entries of some parameters, one behind another, to their places in a flat buffer.</summary>
    private static void CopyFlat(SafetensorsReader reader, string name, IReadOnlyList<Parameter> parameters, Tensor target)
    {
        CheckpointFormatException Wrong(string problem) => new(reader.Path, name, problem);

        var count = reader.Contains(name) ? reader.Describe(name).Count : 0;
        var expected = parameters.Sum(parameter => parameter.Count);
        if (count != expected)
        {
            throw Wrong($"has {count} entries, and the model {expected} parameters");
        }

        var values = reader.ReadTensor(name);
        values = !values.is_floating_point() ? throw Wrong($"is {reader.Describe(name).Type}, expected floating-point numbers")
            : !WeightFile.IsFinite(values) ? throw Wrong("has numbers that are NaN or infinite")
            : values.view(-1);
        var place = 0L;
        foreach (var parameter in parameters)
        {
            target.narrow(0, parameter.Offset, parameter.Count).copy_(values.narrow(0, place, parameter.Count));
            place += parameter.Count;
        }
    }
}
