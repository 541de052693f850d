using Flip.Devices;

namespace Flip.Tasks.Answering;

/// <summary>The baseline that sees no image, as a run or folder of it.</summary>
public static class QuestionOnlyRun
{
    /// <summary>Refuses what is no such baseline, before the work that it is to stand beside.</summary>
    /// <param name="path">The run or folder; null for none.</param>
    /// <exception cref="Flip.Storage.CheckpointFormatException">There is no model that answers questions.</exception>
    /// <exception cref="ConfigException">It sees images.</exception>
    public static void Check(string? path)
    {
        if (path is not null)
        {
            Load(path, null).Dispose();
        }
    }

    /// <summary>Its answers to test sets; null where there is none.</summary>
    /// <param name="path">The run or folder; null for none.</param>
    /// <param name="tests">The test sets.</param>
    /// <param name="compute">Where it computes.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    public static IReadOnlyList<AnsweredSet>? Answer(string? path, AnswerTests tests, Compute compute, CancellationToken cancellation)
    {
        if (path is null || tests.Sets.Count == 0)
        {
            return null;
        }

        using var blind = Load(path, compute);
        return tests.Answer(blind, null, cancellation);
    }

    private static LoadedAnswerer Load(string path, Compute? compute)
    {
        var loaded = AnswererFolder.Load(path, compute);
        if (loaded.QuestionOnly)
        {
            return loaded;
        }

        loaded.Dispose();
        throw new ConfigException($"'{path}' sees images: a baseline that does not is trained with questionOnly=true.");
    }
}
