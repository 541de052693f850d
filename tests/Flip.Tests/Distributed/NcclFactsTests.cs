using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Flip.Distributed.Interop;

namespace Flip.Tests.Distributed;

/// <summary>Flip's declarations of NCCL against its published header.</summary>
public sealed partial class NcclFactsTests
{
    private static readonly string Header = File.ReadAllText(SharedData.Golden("nccl/interface.txt"));

    [Fact]
    public void Every_function_is_declared_as_the_header_has_it()
    {
        var declared = Prototypes().Matches(Header).ToDictionary(match => match.Groups[2].Value);
        var methods = typeof(NcclCalls).GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly);
        Assert.Equal(declared.Keys.Order(StringComparer.Ordinal), methods.Select(method => method.Name).Order(StringComparer.Ordinal));
        foreach (var method in methods)
        {
            var match = declared[method.Name];
            Assert.Equal(TypeOf(match.Groups[1].Value), method.ReturnType);
            var parameters = match.Groups[3].Value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .Select(text => Parameter().Match(text))
                .Select(parameter => (parameter.Groups[2].Value, TypeOf(parameter.Groups[1].Value.Replace(" ", "", StringComparison.Ordinal))));
            Assert.Equal(parameters, method.GetParameters().Select(parameter => (parameter.Name!, parameter.ParameterType)));
        }
    }

    [Fact]
    public void Types_and_operations_have_the_headers_numbers()
    {
        AssertNumbers<NcclType>();
        AssertNumbers<NcclOperation>();
        Assert.Contains("ncclSuccess = 0,", Header, StringComparison.Ordinal);
        Assert.Contains("ncclInProgress = 7,", Header, StringComparison.Ordinal);
    }

    [Fact]
    public void The_unique_id_goes_by_value_and_has_128_bytes()
    {
        Assert.Contains("#define NCCL_UNIQUE_ID_BYTES 128", Header, StringComparison.Ordinal);
        Assert.Equal(128, Unsafe.SizeOf<NcclUniqueId>());
    }

    [Theory]
    [InlineData(22703, "2.27.3")]
    [InlineData(21405, "2.14.5")]
    public void A_version_is_read_from_its_number(int code, string version) => Assert.Equal(version, NcclLibrary.VersionOf(code));

    [Fact]
    public void The_library_is_looked_for_beside_libtorch_and_by_name()
    {
        Assert.Equal(["/opt/libtorch/lib/libnccl.so.2", "libnccl.so.2"], NcclLibrary.Candidates(null, "/opt/libtorch/lib"));
        Assert.Equal(["/x/libnccl.so"], NcclLibrary.Candidates("/x/libnccl.so", "/opt/libtorch/lib"));
    }

    private static Type TypeOf(string text) => text switch
    {
        "int" or "ncclResult_t" => typeof(int),
        "int*" or "ncclResult_t*" => typeof(int).MakeByRefType(),
        "size_t" => typeof(nuint),
        "constvoid*" or "void*" or "cudaStream_t" or "ncclComm_t" or "const char*" => typeof(nint),
        "ncclComm_t*" => typeof(nint).MakeByRefType(),
        "ncclUniqueId" => typeof(NcclUniqueId),
        "ncclUniqueId*" => typeof(NcclUniqueId).MakeByRefType(),
        "ncclDataType_t" => typeof(NcclType),
        "ncclRedOp_t" => typeof(NcclOperation),
        _ => throw new ArgumentException($"unknown type {text}", nameof(text)),
    };

    private static void AssertNumbers<T>()
        where T : struct, Enum
    {
        foreach (var value in Enum.GetValues<T>())
        {
            Assert.Contains($"nccl{value} = {Convert.ToInt32(value, CultureInfo.InvariantCulture)},", Header, StringComparison.Ordinal);
        }
    }

    [GeneratedRegex(@"^(ncclResult_t|const char\*) (nccl\w+)\(([^)]*)\);", RegexOptions.Multiline)]
    private static partial Regex Prototypes();

    [GeneratedRegex(@"^(.*?)(\w+)$")]
    private static partial Regex Parameter();
}
