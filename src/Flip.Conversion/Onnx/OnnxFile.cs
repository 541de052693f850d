using System.Globalization;
using Flip.Conversion.Onnx.Schema;
using Flip.Io;
using Google.Protobuf;

namespace Flip.Conversion.Onnx;

/// <summary>
/// Writes a model with its weights, one at a time. The generated classes would hold every weight in memory, so they write the small
/// messages and the fields that enclose weights are written here. The graph is one field of known length: parsers are to merge one that
/// comes in pieces, but Netron, which people look at such files with, keeps the last piece only.
/// </summary>
internal static class OnnxFile
{
    /// <summary>
    /// A protobuf message has to stay below 2 GiB; larger weights go to files of their own, none of them larger than a browser can hold at once.
    /// </summary>
    public const long DefaultInlineLimit = 1_800_000_000;

    private const long LeastExternal = 1024; // shapes and axes stay inside, where every tool looks for them
    private const long Alignment = 4096; // a page, so that the file can be mapped

    /// <summary>The names of the files of a model's weights, beside it, in the order in which transformers.js counts them.</summary>
    public static IEnumerable<string> DataPaths(string path) => Enumerable.Range(0, int.MaxValue).Select(part => path + DataSuffix(part));

    /// <summary>Removes an export's files of weights.</summary>
    public static void DeleteData(string path)
    {
        foreach (var data in DataPaths(path).TakeWhile(File.Exists).ToList())
        {
            File.Delete(data);
        }
    }

    /// <summary>Writes <paramref name="path"/>, and <see cref="DataPaths"/> where the weights exceed the limit.</summary>
    /// <param name="path">The file.</param>
    /// <param name="header">All but the graph.</param>
    /// <param name="graph">Its nodes, inputs and outputs.</param>
    /// <param name="weights">Its weights.</param>
    /// <param name="inlineLimit">Bytes of weights that a file may hold.</param>
    public static void Write(
        string path, ModelProto header, GraphProto graph, IReadOnlyCollection<OnnxWeight> weights, long inlineLimit = DefaultInlineLimit)
    {
        DeleteData(path); // an earlier export's
        var places = weights.Sum(weight => weight.Length) <= inlineLimit ? [] : Places(weights, inlineLimit);
        foreach (var part in places.GroupBy(place => place.Value.Part))
        {
            AtomicFile.Write(path + DataSuffix(part.Key), stream => WriteData(stream, part.Select(place => (place.Key, place.Value.Offset))));
        }

        var described = weights.Select(weight => Described(weight, path, places)).ToList();
        AtomicFile.Write(path, stream => WriteModel(stream, header, graph, described));
    }

    private static string DataSuffix(int part) => part == 0 ? "_data" : string.Create(CultureInfo.InvariantCulture, $"_data_{part}");

    /// <summary>Where the weights that are not in the file itself lie. One that exceeds the limit alone has a file alone.</summary>
    private static Dictionary<OnnxWeight, (int Part, long Offset)> Places(IEnumerable<OnnxWeight> weights, long limit)
    {
        var places = new Dictionary<OnnxWeight, (int Part, long Offset)>();
        var (part, end) = (0, 0L);
        foreach (var weight in weights.Where(weight => weight.Length >= LeastExternal))
        {
            if (end > 0 && Aligned(end) + weight.Length > limit)
            {
                (part, end) = (part + 1, 0);
            }

            places[weight] = (part, Aligned(end));
            end = Aligned(end) + weight.Length;
        }

        return places;
    }

    private static long Aligned(long position) => (position + Alignment - 1) / Alignment * Alignment;

    private static void WriteData(Stream stream, IEnumerable<(OnnxWeight Weight, long Offset)> weights)
    {
        foreach (var (weight, offset) in weights)
        {
            stream.Write(new byte[offset - stream.Position]);
            weight.WriteData(stream);
        }
    }

    /// <summary>A weight with its description; the weight is null where its data is in a file of weights.</summary>
    private static (TensorProto Description, OnnxWeight? Inline) Described(
        OnnxWeight weight, string path, Dictionary<OnnxWeight, (int Part, long Offset)> places)
    {
        var description = weight.Describe();
        if (!places.TryGetValue(weight, out var place))
        {
            return (description, weight);
        }

        description.DataLocation = TensorProto.Types.DataLocation.External;
        description.ExternalData.Add(Entry("location", Path.GetFileName(path) + DataSuffix(place.Part)));
        description.ExternalData.Add(Entry("offset", place.Offset.ToString(CultureInfo.InvariantCulture)));
        description.ExternalData.Add(Entry("length", weight.Length.ToString(CultureInfo.InvariantCulture)));
        return (description, null);
    }

    private static void WriteModel(
        Stream stream, ModelProto header, GraphProto graph, List<(TensorProto Description, OnnxWeight? Inline)> weights)
    {
        using var output = new CodedOutputStream(stream, leaveOpen: true);
        header.WriteTo(output);
        var ofWeights = weights.Sum(weight => FieldSize(GraphProto.InitializerFieldNumber, Size(weight)));
        WriteField(output, ModelProto.GraphFieldNumber, graph.CalculateSize() + ofWeights);
        graph.WriteTo(output);
        foreach (var weight in weights)
        {
            WriteField(output, GraphProto.InitializerFieldNumber, Size(weight));
            weight.Description.WriteTo(output);
            if (weight.Inline is { } inline)
            {
                WriteField(output, TensorProto.RawDataFieldNumber, inline.Length);
                output.Flush();
                inline.WriteData(stream);
            }
        }
    }

    private static StringStringEntryProto Entry(string key, string value) => new() { Key = key, Value = value };

    private static long Size((TensorProto Description, OnnxWeight? Inline) weight) =>
        weight.Description.CalculateSize() + (weight.Inline is { } inline ? FieldSize(TensorProto.RawDataFieldNumber, inline.Length) : 0);

    /// <summary>Bytes of a field whose content has a length.</summary>
    private static long FieldSize(int number, long length) =>
        CodedOutputStream.ComputeTagSize(number) + CodedOutputStream.ComputeLengthSize(checked((int)length)) + length;

    private static void WriteField(CodedOutputStream output, int number, long length)
    {
        output.WriteTag(number, WireFormat.WireType.LengthDelimited);
        output.WriteLength(checked((int)length));
    }
}
